import AMQPWire
import DataStructures
import TestSupport
import Testing

@testable import BrokerCore

#if DEBUG
    /// What many policies cost where there are many queues: counted in steps, without a clock.
    @Suite("Many policies", .ownThread)
    struct ManyPoliciesTests {
        private let rig = Rig()

        private func declare(_ count: Int) throws {
            let client = try rig.open()
            for number in 0..<count {
                client.send(QueueDeclare(queue: ShortString(truncating: "q\(number)"), noWait: true))
            }
        }

        private func policies(_ numbers: Range<Int>) throws -> [BrokerChange] {
            try numbers.map {
                .define(
                    .policy(try Policy("p\($0)", in: "/", pattern: "^no\($0)$", definition: ["max-length": 5])))
            }
        }

        @Test("Those that are set together cost one look at each queue, not one each")
        func together() throws {
            try declare(300)
            let (many, one) = (try policies(0..<60), try policies(60..<61))
            let together = Steps.counted { rig.step(.change(many)) }
            let alone = Steps.counted { rig.step(.change(one)) }
            #expect(alone >= 300, "what is looked at is counted")
            #expect(together <= 2 * alone, "\(together) steps, and \(alone) for one more")
        }

        @Test("Those that are set while all queues are looked at cost one more look, not one each")
        func meanwhile() throws {
            try declare(2000)
            let alone = try policies(0..<40)
            rig.step(.change(alone))
            let one = Steps.counted { rig.step(.change(alone.suffix(1))) }
            let all = Steps.counted {
                var effects = rig.core.step(.change(alone.suffix(1)), now: rig.now)
                for change in alone where effects.hasMoreToDo {
                    effects = rig.core.step(.change([change]), now: rig.now)
                }
                while effects.hasMoreToDo { effects = rig.core.step(.time, now: rig.now) }
            }
            #expect(all <= 3 * one, "\(all) steps, and \(one) for one")
        }

        @Test("A slice is no longer where there are more policies")
        func slices() throws {
            try declare(2000)
            rig.laterSteps = []
            let change = try policies(0..<100)
            let first = Steps.counted { rig.step(.change(change)) }
            let all = [first] + (rig.laterSteps ?? [])
            #expect(all.reduce(0, +) > 1_000_000)
            // Two slices of a pass are done in a step.
            #expect((all.max() ?? 0) < 2 * 60_000, "\(all.max() ?? 0)")
        }

        @Test("Where there are many, fewer changes are made at a time")
        func turns() throws {
            #expect(rig.core.changesOfTurn == 250)
            rig.step(.change(try policies(0..<1000)))
            #expect((1..<25).contains(rig.core.changesOfTurn))
        }

        @Test("The policy that acts is known of each thing, also while others are being looked at")
        func known() throws {
            try declare(3)
            let queue = try Policy("p", in: "/", pattern: "^q1$", definition: ["max-length": 5])
            let exchange = try Policy("x", in: "/", pattern: "^amq.topic$", definition: ["alternate-exchange": "a"])
            rig.step(.change([.define(.policy(queue)), .define(.policy(exchange))]))
            #expect(rig.core.listQueues().map(\.policy?.name) == [nil, "p", nil])
            #expect(rig.core.listExchanges().first { $0.name == "amq.topic" }?.policy?.name == "x")
            rig.step(.change([.clearPolicy("p", virtualHost: "/"), .clearPolicy("x", virtualHost: "/")]))
            #expect(rig.core.listQueues().allSatisfy { $0.policy == nil })
            #expect(rig.core.listExchanges().allSatisfy { $0.policy == nil })
        }
    }
#endif

/// Expressions that take long, whoever wrote them.
struct CostlyPatternTests {
    @Test("What would take long to read or to match is not taken")
    func refused() {
        #expect(throws: NamePattern.Unsupported.self) { try NamePattern(String(repeating: "{", count: 8193)) }
        #expect(throws: NamePattern.Unsupported.self) { try NamePattern("(?=.{200}x)") }
        #expect(throws: Never.self) { try NamePattern("^(?!amq\\.|secret-|internal-).*") }
        #expect(throws: Never.self) { try NamePattern("[\(String(repeating: "a", count: 8000))]") }
    }

    @Test("An expression for the beginning alone is not tried behind it", arguments: ["^a", "^(?=a)a", "^a|^b"])
    func anchored(pattern: String) throws {
        let pattern = try NamePattern(pattern)
        #expect(pattern.matches("abc") != pattern.matches("cab"))
    }
}
