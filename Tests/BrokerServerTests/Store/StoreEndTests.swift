import AMQPClient
import BrokerServer
import Foundation
import TestSupport
import Testing

@Suite(.watched) struct StoreEndTests {
    /// The second time there is no file left to force to disk, which is no failure of the store: that would end the
    /// process with status 1.
    @Test func aBrokerMayBeShutDownTwice() async {
        await #expect(processExitsWith: .exitCode(7)) {
            endWithParent()
            let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
            let broker = try Broker(.patient, data: directory)
            let channel = try await Connection.open(patientlyOver: broker.connect()).openChannel()
            let queue = try await channel.declareQueue("q", durable: true)
            try await channel.publishAndConfirm(Message("kept", persistent: true), routingKey: queue.name)
            broker.shutDown()
            broker.shutDown()
            let second = try Broker(.patient, data: directory)
            let again = try await Connection.open(patientlyOver: second.connect()).openChannel()
            let count = try await again.declareQueue("q", passive: true).messageCount
            second.shutDown()
            try FileManager.default.removeItem(atPath: directory)
            exit(count == 1 ? 7 : 2)
        }
    }
}
