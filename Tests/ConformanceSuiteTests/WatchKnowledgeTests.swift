import AMQPWire
import Testing

@testable import BrokerCore
@testable import ConformanceSuite

/// What our broker learns, the watch has to learn too.
@Suite("A watch knows what our broker knows") struct WatchKnowledgeTests {
    @Test(
        "A publish to an exchange of each type exercises a rule about it",
        arguments: ExchangeTypes<Int>.all.map { $0.type })
    func exchangeTypes(type: String) {
        #expect(!Self.exercised(type).isSubset(of: Self.exercised("x-unheard-of")), "add it to ClientRule.publishing")
    }

    private static func exercised(_ type: String) -> Set<String> {
        var scene = WatchedScene()
        scene.client(ExchangeDeclare(exchange: "x", type: ShortString(truncating: type)))
        scene.broker(ExchangeDeclareOk())
        scene.publish(BasicPublish(exchange: "x"))
        return Set(scene.findings.rules.filter { $0.value.exercised > 0 }.keys)
    }

    @Test("An argument that means something to a type of queue is not an unknown one", arguments: Dialect.allCases)
    func queueArguments(dialect: Dialect) {
        var known = QueueKind.foreignToStreams(in: dialect)
        for kind in [QueueKind.classic, .quorum, .stream] { known.formUnion(kind.compared(in: dialect)) }
        #expect(known.subtracting(ClientRule.knownArguments) == [])
        #expect(known.contains("x-max-priority") && known.contains("x-max-age"))
    }
}
