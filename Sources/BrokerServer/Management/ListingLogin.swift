import BrokerCore

extension ListingAPI {
    /// A name and a password that came with a request.
    struct Login: Sendable {
        var name: String
        /// The user of that name who may log in from there, if the password is right.
        var user: BrokerConfiguration.User?
        var check: PasswordCheck
    }

    /// nil: the request has none.
    func login(_ request: HTTPRequest, isLoopback: Bool) -> Login? {
        guard let header = request.header("authorization"), header.lowercased().hasPrefix("basic "),
            let octets = Base64.decode(header.dropFirst(6).filter { $0 != " " }),
            let colon = octets.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        let name = String(decoding: octets[..<colon], as: UTF8.self)
        let users = source.users()
        return Login(
            name: name, user: users.first { $0.name == name && (isLoopback || !$0.loopbackOnly) },
            check: users.passwordCheck(name, Array(octets[(colon + 1)...])))
    }
}
