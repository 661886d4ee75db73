import BrokerCore

extension BrokerConfiguration {
    /// For brokers that go by real time: a client's task may come to its turn only after a thousand others, and is still
    /// let in.
    public static var patient: BrokerConfiguration {
        var patient = BrokerConfiguration()
        patient.handshakeTimeout = 600_000
        return patient
    }
}
