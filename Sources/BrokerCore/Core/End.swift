extension BrokerCore {
    /// What has begun is done to its end: what was purged must not come back, nor a dead letter get lost. Nobody could write
    /// down what becomes of messages after that, so nothing does: none expires, or is read back.
    func shutDown() {
        for connection in allConnections {
            connection.shutDown()
            while connection.doNextSlice() { finishWork() }
        }
        finishWork()
        dissolve()
    }

    /// Does all that was put off, whatever it takes. But letters that cause one another may take for ever, and are given up in
    /// the end.
    private func finishWork() {
        while !causes.isEmpty || !chores.isEmpty {
            budget = pool.work.turn
            carryOutCauses()
            spentAtTheEnd += pool.work.turn - budget
            // One may wait for the dead letters that another one causes.
            doChores()
        }
    }

    var isTakingTooLongToEnd: Bool { spentAtTheEnd > 4000 * pool.work.turn }

    /// Lets go of everything.
    func dissolve() { for virtualHost in virtualHosts.values { virtualHost.dissolve() } }
}
