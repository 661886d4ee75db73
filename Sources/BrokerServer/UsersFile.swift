import BrokerCore

/// The users of a file with a line `NAME:HASH` for each; see ``PasswordHash/text`` for the hash. Empty lines and lines
/// that begin with `#` are skipped.
public struct UsersFile: Sendable {
    public let users: [BrokerConfiguration.User]

    /// What is wrong with a users file, and where.
    public struct Malformed: Error, CustomStringConvertible {
        public let line: Int
        public let reason: String
        /// Never quotes the line: somebody may have written a password there.
        public var description: String { "line \(line) \(reason)" }
    }

    public init(_ text: String) throws(Malformed) {
        var users: [BrokerConfiguration.User] = []
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            // The hash has no colon; a name may have.
            guard let colon = line.lastIndex(of: ":"), colon > line.startIndex else {
                throw Malformed(line: index + 1, reason: "is not NAME:HASH")
            }
            guard let hash = PasswordHash(line[line.index(after: colon)...]) else {
                throw Malformed(
                    line: index + 1,
                    reason: "has no password hash after its name: 'broker hash-password NAME' makes one")
            }
            let name = String(line[..<colon])
            guard !users.contains(where: { $0.name == name }) else {
                throw Malformed(line: index + 1, reason: "has the name of an earlier one")
            }
            users.append(.user(name, hash: hash, loopbackOnly: name == "guest"))
        }
        self.users = users
    }
}
