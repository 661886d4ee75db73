import AMQPClient

/// The first row of the table without a URI, and with a name for the broker's lists.
func encrypted(host: String, ca: String) -> ConnectionConfiguration {
    var configuration = ConnectionConfiguration()
    configuration.host = host
    configuration.port = 5671
    configuration.tls = TLSConfiguration()
    configuration.tls?.caCertificateFile = ca
    configuration.connectionName = "orders"
    return configuration
}
