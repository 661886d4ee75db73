import AMQPClient

/// The broker to test, as an address says it: `amqp://user:password@host:port/vhost`, or `amqps://` for TLS.
struct Target: Sendable {
    let configuration: ConnectionConfiguration
    let login: Login
    /// For people.
    var place: String { "\(configuration.host):\(configuration.port)" }

    /// Throws ``SuiteError`` for what is no such address.
    init(_ text: String) throws(SuiteError) {
        let parts = text.lowercased().split(separator: "://", maxSplits: 1)
        guard parts.count == 2, ["amqp", "amqps"].contains(parts[0]) else {
            let shown = ConnectionConfiguration.shown(text)
            throw SuiteError("'\(shown)' is not like amqp://user:password@host:port/vhost")
        }
        do throws(AMQPError) {
            configuration = try ConnectionConfiguration(uri: text)
        } catch {
            throw SuiteError("\(error)")
        }
        login = Login(
            user: configuration.user, password: configuration.password, virtualHost: configuration.virtualHost)
    }
}
