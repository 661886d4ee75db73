import AMQPWire
import DataStructures
import TestSupport
import Testing

@testable import BrokerCore

@Suite("Where a message goes", .ownThread)
struct RoutingTests {
    @Test(
        "Topic patterns",
        arguments: [
            ("#", "", true), ("*", "", false), ("", "", true), ("#", "a.b", true), ("*", "a", true),
            ("*", "a.b", false),
            ("a.*.c.#", "a.b.c", true), ("a.*.c.#", "a.b.c.d.e", true), ("a.*.c.#", "a.c", false), ("#.*", "", false),
            ("#.*", "a", true), ("#.*", "..", true), ("*.#", "a", true), ("#.a.#", "b.a.c", true), ("#.a.#", "a", true),
            ("#.a.#", "b.c", false), ("*", ".", false), ("*.*", ".", true), ("a.", "a", false), ("a.#.#", "a", true),
            ("#.#", "", true), ("a*", "ab", false), ("*a.b", "*a.b", true), ("lazy.#", "lazy", true),
            ("*.orange.*", "quick.orange.rabbit", true), ("*.orange.*", "orange", false),
            ("*.orange.*", "quick.orange.new.rabbit", false), ("#.b.#.b.#", "a.b.c", false), ("#.b.#.b.#", "b.b", true),
        ])
    func topicPatterns(pattern: String, key: String, matches: Bool) throws {
        #expect(try Self.topicMatches(pattern, key) == matches, "'\(pattern)' and '\(key)'")
    }

    /// One pattern in an exchange of its own.
    private static func topicMatches(_ pattern: String, _ key: String) throws -> Bool {
        var router = TopicRouter<Int>(RouterSetting(arguments: [:], dialect: .v3_10, chance: { 0 }))
        var message = RoutedMessage(Self.message)
        let binding = Self.binding(try ShortString(pattern))
        router.add(binding)
        var found = 0
        _ = router.matches(&message, key: try ShortString(key)) { _ in found += 1 }
        router.remove(binding)
        _ = router.matches(&message, key: try ShortString(key)) { _ in Issue.record("a removed binding matched") }
        #expect(found <= 1)
        return found == 1
    }

    @Test("Every pattern over a small alphabet agrees with the definition")
    func topicAgainstDefinition() throws {
        func words(upTo count: Int, of alphabet: [String]) -> [[String]] {
            var all: [[String]] = [[]]
            var last = all
            for _ in 0..<count {
                last = last.flatMap { head in alphabet.map { head + [$0] } }
                all += last
            }
            return all
        }
        func matches(_ pattern: ArraySlice<String>, _ key: ArraySlice<String>) -> Bool {
            guard let first = pattern.first else { return key.isEmpty }
            let rest = pattern.dropFirst()
            switch first {
            case "#": return matches(rest, key) || (!key.isEmpty && matches(pattern, key.dropFirst()))
            case "*": return !key.isEmpty && matches(rest, key.dropFirst())
            default: return key.first == first && matches(rest, key.dropFirst())
            }
        }
        // All patterns at once, so that the tree's branches are shared.
        let patterns = words(upTo: 4, of: ["a", "b", "*", "#"]).filter { !$0.isEmpty }
        var router = TopicRouter<Int>(RouterSetting(arguments: [:], dialect: .v3_10, chance: { 0 }))
        var message = RoutedMessage(Self.message)
        var names: [ObjectIdentifier: [String]] = [:]
        var kept: [Binding<Int>] = []
        let (tree, numbers) = (TopicTree(), ["a": 1, "b": 2, "*": TopicTree.Word.star, "#": TopicTree.Word.hash])
        for (number, pattern) in patterns.enumerated() {
            _ = tree.add(pattern.compactMap { numbers[$0] }, as: Int32(number))
            let binding = Self.binding(try ShortString(pattern.joined(separator: ".")))
            names[binding.destination.identity] = pattern
            kept.append(binding)
            router.add(binding)
        }
        for key in words(upTo: 4, of: ["a", "b", "c"]) {
            var found: Set<[String]> = []
            _ = router.matches(&message, key: try ShortString(key.joined(separator: "."))) { destination in
                found.insert(names[destination.identity] ?? [])
            }
            let expected = Set(patterns.filter { matches($0[...], key[...]) })
            #expect(found == expected, "key \(key)")
            var places = 0
            let byPlace = tree.matchByPlace(key.map { numbers[$0] ?? TopicTree.Word.unknown }, &places)
            #expect(Set(byPlace.map { patterns[Int($0)] }) == expected && byPlace.count == expected.count, "key \(key)")
        }
    }

    @Test(
        "A key that many patterns may take in many ways is compared with each place a few times, not once for each word"
    )
    func topicManyWays() throws {
        var router = TopicRouter<Int>(RouterSetting(arguments: [:], dialect: .v3_10, chance: { 0 }))
        var message = RoutedMessage(Self.message)
        let bindings = try (0..<200).map { number in
            let words = (0..<8).map { number >> $0 & 1 == 1 ? "#.*" : "#.a" } + Array(repeating: "#.a", count: 50)
            return Self.binding(try ShortString(words.joined(separator: ".")))
        }
        for binding in bindings { router.add(binding) }
        var found = 0
        let key = try ShortString(Array(repeating: "a", count: 120).joined(separator: "."))
        // Some 21,000 places and 120 words.
        let places = router.matches(&message, key: key) { _ in found += 1 }
        #expect(found == 200 && places < 100_000, "\(places)")
        for binding in bindings { router.remove(binding) }
        #expect(router.matches(&message, key: key) { _ in Issue.record("a removed binding matched") } < 200)
        router.add(bindings[0])
        found = 0
        _ = router.matches(&message, key: key) { _ in found += 1 }
        #expect(found == 1)
    }

    @Test("A pattern made to explode does not")
    func topicExplosion() throws {
        var router = TopicRouter<Int>(RouterSetting(arguments: [:], dialect: .v3_10, chance: { 0 }))
        var message = RoutedMessage(Self.message)
        let pattern = Array(repeating: "#.a", count: 60).joined(separator: ".")
        let binding = Self.binding(try ShortString(pattern))
        router.add(binding)
        var found = 0
        let key = Array(repeating: "a", count: 120).joined(separator: ".")
        _ = router.matches(&message, key: try ShortString(key)) { _ in found += 1 }
        #expect(found == 1)
    }

    private static var message: Message {
        Message(exchange: "", routingKey: "", content: [0, 0], propertiesCount: 2, traits: .init())
    }

    private static func binding(_ key: ShortString) -> Binding<Int> {
        let source = Exchange<Int>(
            name: "source", declaration: .init(type: "topic"), type: TopicRouter.self, dialect: .v3_10)
        return Binding(
            source: source, destination: .target(RouteEnd(1, name: "end", isDurable: false)), key: key, arguments: [:],
            order: 0)
    }

    @Test("However many ways lead to a queue, it gets one copy; loops end")
    func oneCopy() throws {
        let rig = Rig()
        let client = try rig.open()
        for name in ["a", "b", "c"] as [ShortString] { client.send(ExchangeDeclare(exchange: name, type: "fanout")) }
        client.send(QueueDeclare(queue: "q"))
        client.send(ExchangeBind(destination: "b", source: "a"))
        client.send(ExchangeBind(destination: "c", source: "a"))
        client.send(ExchangeBind(destination: "a", source: "c"))
        client.send(ExchangeBind(destination: "c", source: "c"))
        for name in ["a", "b", "c"] as [ShortString] {
            client.send(QueueBind(queue: "q", exchange: name, routingKey: "1"))
            client.send(QueueBind(queue: "q", exchange: name, routingKey: "2"))
        }
        client.send(BasicConsume(queue: "q", noAck: true))
        client.publish("once", to: "", exchange: "a")
        #expect(client.takeBodies() == ["once"])
    }

    @Test("The exchanges that a broker begins with go by its release, too", arguments: Dialect.allCases)
    func predeclared(dialect: Dialect) throws {
        let rig = Rig { $0.dialect = dialect }
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        client.send(QueueBind(queue: "q", exchange: "amq.headers", arguments: ["n": .double(1)]))
        client.send(BasicConsume(queue: "q", noAck: true))
        client.publish("1", to: "", exchange: "amq.headers", properties: .init(headers: ["n": .int32(1)]))
        #expect(client.takeBodies() == (dialect < .v4_0 ? ["1"] : []))
        client.send(QueueBind(queue: "q", exchange: "amq.topic", routingKey: "#.#.#"))
        #expect(client.take().last?.method.id == (dialect < .v4_3 ? QueueBindOk.id : ChannelClose.id))
    }

    @Test("The route that a channel remembers is forgotten when the bindings change")
    func rememberedRoute() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "direct"))
        client.send(QueueDeclare(queue: "q"))
        client.send(BasicConsume(queue: "q", noAck: true))
        client.publish("nowhere", to: "k", exchange: "x")
        client.send(QueueBind(queue: "q", exchange: "x", routingKey: "k"))
        client.publish("there", to: "k", exchange: "x")
        client.send(QueueUnbind(queue: "q", exchange: "x", routingKey: "k"))
        client.publish("nowhere again", to: "k", exchange: "x")
        #expect(client.takeBodies() == ["there"])
    }

    @Test("So are those of several keys, each by itself")
    func rememberedRoutes() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "topic"))
        for queue in ["a", "b"] as [ShortString] {
            client.send(QueueDeclare(queue: queue))
            client.send(BasicConsume(queue: queue, consumerTag: queue, noAck: true))
            client.send(QueueBind(queue: queue, exchange: "x", routingKey: queue))
        }
        func published(_ keys: [ShortString]) -> [String] {
            for key in keys { client.publish("to \(key)", to: key, exchange: "x") }
            client.publish("straight", to: "b")
            return client.takeBodies()
        }
        for _ in 0..<3 { #expect(published(["a", "b", "c"]) == ["to a", "to b", "straight"]) }
        client.send(QueueBind(queue: "a", exchange: "x", routingKey: "c"))
        for _ in 0..<3 { #expect(published(["a", "b", "c"]) == ["to a", "to b", "to c", "straight"]) }
        client.send(QueueUnbind(queue: "b", exchange: "x", routingKey: "b"))
        for _ in 0..<3 { #expect(published(["c", "b", "a"]) == ["to c", "to a", "straight"]) }
        client.send(QueueDelete(queue: "a"))
        for _ in 0..<3 { #expect(published(["c", "b", "a"]) == ["straight"]) }
    }

    #if DEBUG
        @Test(
            "Who publishes with a hundred keys in turn has each looked up once, and with many more they take up no more"
        )
        func rememberedKeys() throws {
            let rig = Rig()
            let client = try rig.open()
            client.send(ExchangeDeclare(exchange: "x", type: "topic"))
            client.send(QueueDeclare(queue: "q", arguments: ["x-max-length": 0]))
            for number in 0..<100 {
                client.send(QueueBind(queue: "q", exchange: "x", routingKey: ShortString(truncating: "#.\(number).#")))
            }
            func publish(_ numbers: Range<Int>) {
                for number in numbers {
                    client.publish("", to: ShortString(truncating: "a.\(number).b"), exchange: "x")
                }
            }
            let before = rig.core.memoryInUse
            let (first, second) = (Steps.counted { publish(0..<100) }, Steps.counted { publish(0..<100) })
            #expect(3 * second < first, "\(second) steps behind \(first)")
            let few = rig.core.memoryInUse
            #expect(few > before)
            publish(0..<5000)
            #expect(rig.core.memoryInUse < before + 2 * (few - before))
        }
    #endif

    @Test("An auto-delete exchange goes with its last binding, and takes those it hung on with it")
    func autoDeleteCascade() throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(ExchangeDeclare(exchange: "up", type: "fanout", autoDelete: true))
        client.send(ExchangeDeclare(exchange: "down", type: "fanout", autoDelete: true))
        client.send(ExchangeBind(destination: "down", source: "up"))
        client.send(QueueDeclare(queue: "q"))
        client.send(QueueBind(queue: "q", exchange: "down"))
        _ = client.take()
        client.send(QueueDelete(queue: "q"))
        client.send(ExchangeDeclare(exchange: "up", type: "topic"))
        client.send(ExchangeDeclare(exchange: "down", type: "topic"))
        #expect(client.take().map(\.method.id) == [QueueDeleteOk.id, ExchangeDeclareOk.id, ExchangeDeclareOk.id])
    }
}
