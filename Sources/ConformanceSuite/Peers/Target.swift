import Foundation

/// The broker to test, as an address says it: `amqp://user:password@host:port/vhost`.
struct Target: Sendable {
    var host: String
    var port: Int
    var login: Login

    /// Throws ``SuiteError`` for what is no such address; for `amqps`, with what to do instead.
    init(_ text: String) throws(SuiteError) {
        guard let url = URLComponents(string: text), let scheme = url.scheme, let host = url.host, !host.isEmpty else {
            throw SuiteError("'\(text)' is not like amqp://user:password@host:port/vhost")
        }
        if scheme == "amqps" {
            throw SuiteError(
                "The suite speaks no TLS: give the broker's plain port, or that of a TLS tunnel on this machine")
        }
        guard scheme == "amqp" else { throw SuiteError("'\(text)' is not like amqp://user:password@host:port/vhost") }
        self.host = host
        port = url.port ?? 5672
        login = Login()
        if let user = url.user { login.user = user }
        if let password = url.password { login.password = password }
        let path = url.percentEncodedPath.dropFirst().removingPercentEncoding ?? ""
        if !path.isEmpty { login.virtualHost = path }
    }
}
