import AMQPClient
import AMQPTransport

extension Duration {
    /// How long a test waits for what always comes: longer than any load takes, for it is only there so that what never
    /// comes has a name. Less than ``HangWatch`` waits.
    public static let patience = Duration.seconds(900)
}

extension Connection {
    /// Opens a connection that may be long in coming: on a busy machine a test comes to its turn only after a thousand others.
    public static func open(patiently uri: String) async throws(AMQPError) -> Connection {
        try await open(ConnectionConfiguration(uri: uri).patient)
    }

    /// The same over a stream that is connected already.
    public static func open(
        patientlyOver stream: any ByteStream, _ configuration: ConnectionConfiguration = .init()
    ) async throws(AMQPError) -> Connection {
        try await open(over: stream, configuration.patient)
    }
}

extension ConnectionConfiguration {
    /// Waits long for its connection to be opened.
    public static var unhurried: Self {
        var unhurried = Self()
        unhurried.connectionTimeout = .patience
        return unhurried
    }

    fileprivate var patient: Self {
        var patient = self
        patient.connectionTimeout = .patience
        // A broker whose clock a test moves says nothing while it stands still.
        patient.heartbeat = 0
        return patient
    }
}
