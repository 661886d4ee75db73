import AMQPClient
import AMQPTransport
import Foundation
import TestSupport
import Testing

@testable import BrokerCore
@testable import BrokerServer

/// Messages of a stream that only the disk has, and a disk that changes them while the broker runs.
@Suite(.watched) struct StreamDamageTests {
    @Test("A reader that comes to a damaged record ends the broker, which says where, and is handed nothing of it")
    func damaged() async {
        await #expect(processExitsWith: .exitCode(7)) {
            endWithParent()
            var configuration = BrokerConfiguration.patient
            configuration.store.streamBlockCount = 4
            let files = FaultyFiles()
            let broker = try Broker(configuration, time: SystemTime(), files: files) { error in
                if case .damaged("segment 1", _, "the record of a stream's message is damaged") = error { exit(7) }
                exit(2)
            }
            let connection = try await Connection.open(patientlyOver: broker.connect())
            let channel = try await connection.openChannel()
            _ = try await channel.declareQueue("s", durable: true, arguments: ["x-queue-type": "stream"])
            for number in 1...20 { try await channel.publishAndConfirm(Message("number \(number)."), routingKey: "s") }
            let octets = try files.contents(of: 1)
            let text = Array("number 5.".utf8)
            guard let place = octets.indices.first(where: { octets[$0...].starts(with: text) }) else { exit(3) }
            files.flip(place, of: 1)
            try await channel.qos(prefetchCount: 50)
            for try await delivery in try await channel.consume("s", arguments: ["x-stream-offset": "first"]) {
                // Those of the run before may have been on their way.
                if delivery.text >= "number 5" { exit(4) }
            }
            exit(5)
        }
    }
}
