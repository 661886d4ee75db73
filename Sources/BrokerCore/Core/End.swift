extension BrokerCore {
    /// What has begun is done to its end: what was purged must not come back, nor a dead letter get lost. Nobody could write
    /// down what becomes of messages after that, so nothing does: none expires, or is read back.
    func shutDown() {
        for connection in allConnections {
            connection.shutDown()
            while connection.goOn() { finishWork() }
        }
        finishWork()
        dissolve()
    }

    /// Lets go of everything.
    func dissolve() { for virtualHost in virtualHosts.values { virtualHost.dissolve() } }
}
