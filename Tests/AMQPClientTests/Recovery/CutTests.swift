import AMQPClient
import AMQPTransport
import BrokerCore
import BrokerServer
import Cuts
import TestSupport
import Testing

/// Connections cut at every kind of place, under load, in memory and in virtual time. `Scripts/cuts` does more of it, over
/// TCP.
@Suite(.watched) struct CutTests {
    @Test(
        "Nothing confirmed is lost, no acknowledgement goes astray, nothing is left", arguments: 0..<8 as Range<UInt64>)
    func cuts(seed: UInt64) async throws {
        let time = ManualTime()
        var configuration = BrokerConfiguration()
        configuration.handshakeTimeout = 10_000
        let broker = Broker(configuration, time: time)
        var client = ConnectionConfiguration()
        (client.time, client.heartbeat) = (time, 2)
        (client.connectionTimeout, client.rpcTimeout, client.confirmTimeout) = (
            .seconds(5), .seconds(5), .seconds(5)
        )
        let scene = CutScene(
            seed: seed, cuts: 40, queue: "cuts", resend: seed % 2 == 0 ? .never : .atLeastOnce, client
        ) { broker.connect() }
        let clock = Task { try await pass(time, scene) }
        defer { clock.cancel() }
        let report = try await scene.play()
        #expect(report.violations == [])
        #expect(report.cutCount == 40)
        #expect(report.confirmed > 40)
        #expect(report.lateAcksRefused > 0)
    }

    /// Time passes while there is something to do too, only more slowly: a busy machine must not look like a silent broker.
    private func pass(_ time: ManualTime, _ scene: CutScene) async throws {
        var moves = 0
        var idle = 0
        while true {
            try await Task.sleep(for: .milliseconds(1))
            idle = scene.moveCount == moves ? idle + 1 : 0
            moves = scene.moveCount
            time.advance(by: idle > 2 ? 50 : 1)
        }
    }
}
