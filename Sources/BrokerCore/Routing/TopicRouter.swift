import AMQPWire
import DataStructures

/// Topic exchanges: keys are words separated by dots; in a binding `*` stands for one word and `#` for any number of
/// them, none included (AMQP 0-9-1, 3.1.3.3).
///
/// The patterns form a tree, so the cost of routing depends on the words of the key and on the patterns that begin like it,
/// and not on the number of bindings.
struct TopicRouter<Target>: Router {
    static var type: String { "topic" }
    static var routesByKeyAlone: Bool { true }

    private let tree = TopicTree()
    private var words = Numbers<ShortString>()
    private var destinations = Numbers<ObjectIdentifier>()
    /// By the number of their pattern.
    private var bindings: [BindingList<Target>] = []
    /// The number of the one destination of a pattern's bindings, by the pattern's number; 0: it has none, or several.
    private var only: [Int32] = []
    private var freePatterns: [Int32] = []
    /// By the number of a destination, the match that last met it.
    private let met = Met()

    private final class Met {
        var matches: [UInt64] = []
        var count: UInt64 = 0

        func makeRoom(for number: Int32) {
            while matches.count <= Int(number) { matches.append(0) }
        }
    }

    init(_ setting: RouterSetting) {}

    static func check(binding key: ShortString, _ arguments: FieldTable, in dialect: Dialect) throws(BrokerError) {
        let most = dialect.mostHashes
        guard most < .max else { return }
        let hashes = key.octets.split(separator: UInt8(ascii: ".")).count { $0.elementsEqual("#".utf8) }
        if hashes > most {
            throw BrokerError(
                .preconditionFailed,
                "Topic binding key '\(key)' uses \(hashes) '#' wildcards, at most \(most) are allowed")
        }
    }

    mutating func add(_ binding: Binding<Target>) {
        var pattern: [Int32] = []
        for word in Self.words(of: binding.key) {
            switch word {
            case "*": pattern.append(TopicTree.Word.star)
            case "#": pattern.append(TopicTree.Word.hash)
            default: pattern.append(words.add(word))
            }
        }
        let new = freePatterns.last ?? Int32(truncatingIfNeeded: bindings.count)
        let number = Int(tree.add(pattern, as: new))
        if number == new {
            _ = freePatterns.popLast()
            if number == bindings.count {
                bindings.append(BindingList())
                only.append(0)
            }
        }
        let destination = destinations.add(binding.destination.identity)
        met.makeRoom(for: destination)
        only[number] = bindings[number].isEmpty || only[number] == destination ? destination : 0
        bindings[number].add(binding)
    }

    mutating func remove(_ binding: Binding<Target>) {
        let words = Self.words(of: binding.key)
        let pattern = words.map { number(of: $0, inPattern: true) }
        guard let number = tree.number(of: pattern) else { return }
        if quirk(.topicUnbindEmptiesThePattern) { bindings[Int(number)] = BindingList() }
        bindings[Int(number)].remove(binding)
        let isLast = bindings[Int(number)].isEmpty
        if isLast {
            only[Int(number)] = 0
            bindings[Int(number)] = BindingList()
            freePatterns.append(number)
        }
        tree.remove(pattern, isLast: isLast)
        destinations.remove(binding.destination.identity)
        if destinations[binding.destination.identity] != nil, quirk(.topicUnbindForgetsTheDestination) {
            destinations.remove(binding.destination.identity)
        }
        for word in words where word != "*" && word != "#" { self.words.remove(word) }
        // A pattern that was the last takes the room of all that there were along.
        if isLast, freePatterns.count > 64, freePatterns.count == bindings.count {
            (bindings, only, freePatterns) = ([], [], [])
        }
    }

    var placeCount: Int { tree.placeCount }

    private func number(of word: ShortString, inPattern: Bool) -> Int32 {
        if inPattern, word == "*" { return TopicTree.Word.star }
        if inPattern, word == "#" { return TopicTree.Word.hash }
        return words[word] ?? TopicTree.Word.unknown
    }

    /// A destination is met once, however many of its patterns match.
    func matches(
        _ message: inout RoutedMessage, key: ShortString, _ found: (Destination<Target>) -> Void
    ) -> Int {
        let words = Self.words(of: key)
        let (numbers, places) = tree.match(
            words.map { number(of: $0, inPattern: false) }, isEmptyWord: { words[$0].isEmpty })
        met.count += 1
        for number in numbers {
            let destination = Int(only[Int(number)])
            if destination > 0 {
                if met.matches[destination] == met.count { continue }
                met.matches[destination] = met.count
                if let first = bindings[Int(number)].first(where: { _ in true }) { found(first.destination) }
            } else {
                bindings[Int(number)].forEach { found($0.destination) }
            }
        }
        return places + words.count
    }

    /// The words of a key: none in the empty key, and an empty one before, behind and between dots that have nothing
    /// there, as RabbitMQ splits it.
    static func words(of key: ShortString) -> [ShortString] {
        guard !key.isEmpty else { return [] }
        return key.octets.split(
            separator: UInt8(ascii: "."), maxSplits: key.count > 62 && quirk(.wordsEndAt32) ? 31 : .max,
            omittingEmptySubsequences: false
        ).map(ShortString.init(slice:))
    }
}
