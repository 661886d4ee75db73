import Testing

@testable import ConformanceSuite

@Suite("Our broker as the suite runs it") struct InProcessPeerTests {
    @Test("Time doesn't overtake what a client has sent", arguments: [false, true])
    func timeWaitsForOctets(overTCP: Bool) async throws {
        let peer = try InProcessPeer(overTCP: overTCP)
        try await CaseRun.$current.withValue(CaseRun(id: "heartbeat.x", peer: peer)) {
            let channel = try await Probe.connect { $0.heartbeat = 1 }.openChannel()
            for _ in 1...500 {
                channel.probe.send { $0.heartbeat() }
                try await elapse(milliseconds: 1000)
            }
            try await channel.barrier()
        }
        await peer.end()
    }
}
