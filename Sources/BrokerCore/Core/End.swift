extension BrokerCore {
    /// Nobody could write down what becomes of messages from now on, so nothing does: none expires, or is read back.
    func shutDown() {
        for connection in allConnections {
            connection.shutDown()
            connection.finish()
        }
        settle()
        dissolve()
    }

    /// Lets go of everything.
    func dissolve() { for virtualHost in virtualHosts.values { virtualHost.dissolve() } }
}
