import AMQPWire
import DataStructures

/// Topic exchanges: keys are words separated by dots; in a binding `*` stands for one word and `#` for any number of
/// them, none included (AMQP 0-9-1, 3.1.3.3).
///
/// The patterns form a tree with a word on each edge, so the cost of routing depends on the words of the key and on the
/// patterns that begin like it, and not on the number of bindings. Words are numbers in it: a key may follow tens of
/// thousands of patterns at once, and each of them would compare its octets.
struct TopicRouter<Target>: Router {
    static var type: String { "topic" }
    static var routesByKeyAlone: Bool { true }

    private let root = Node()
    private var numbers = WordNumbers()

    init(arguments: FieldTable) {}

    /// A place in the tree: all patterns that begin with the words on the way to it.
    private final class Node {
        /// Where one word leads. Most nodes have no other.
        private var word = WordNumbers.none
        private var next: Node?
        /// Where the others lead.
        private var others = DividedDictionary<Int, Node>()
        var star: Node?
        var hash: Node?
        /// True when the edge to this node is `#`, which may take any number of words.
        var isHash = false
        /// True when an edge on the way to this node is `*`.
        var isBehindStar = false
        /// The bindings whose pattern ends here.
        var bindings = BindingList<Target>()
        /// The step of a match that last put this node among the active ones, so that none is there twice.
        var step: UInt64 = 0

        var hasWords: Bool { next != nil || !others.isEmpty }
        var isEmpty: Bool { !hasWords && star == nil && hash == nil && bindings.isEmpty }

        subscript(word: Int) -> Node? {
            get { word == self.word ? next : others.isEmpty ? nil : others[word] }
            set {
                if word == self.word || next == nil && others[word] == nil {
                    (self.word, next) = newValue == nil ? (WordNumbers.none, nil) : (word, newValue)
                } else {
                    others[word] = newValue
                }
            }
        }
    }

    mutating func add(_ binding: Binding<Target>) {
        var node = root
        for word in Self.words(of: binding.key) {
            switch word {
            case "*":
                if node.star == nil { node.star = Node() }
                node = node.star ?? node
                node.isBehindStar = true
            case "#":
                if node.hash == nil {
                    node.hash = Node()
                    node.hash?.isHash = true
                }
                node = node.hash ?? node
            default:
                let number = numbers.add(word)
                let next = node[number] ?? Node()
                node[number] = next
                next.isBehindStar = node.isBehindStar
                node = next
            }
        }
        node.bindings.add(binding)
    }

    mutating func remove(_ binding: Binding<Target>) {
        let words = Self.words(of: binding.key)
        remove(binding, words[...], from: root)
        for word in words where word != "*" && word != "#" { numbers.remove(word) }
    }

    /// Removes the binding, and the nodes that then lead nowhere.
    private func remove(_ binding: Binding<Target>, _ words: ArraySlice<ShortString>, from node: Node) {
        guard let word = words.first else {
            if quirk(.topicUnbindEmptiesThePattern) { node.bindings = BindingList() }
            return node.bindings.remove(binding)
        }
        let rest = words.dropFirst()
        switch word {
        case "*":
            guard let next = node.star else { return }
            remove(binding, rest, from: next)
            if next.isEmpty || next.bindings.isEmpty && quirk(.starIsPruned) { node.star = nil }
        case "#":
            guard let next = node.hash else { return }
            remove(binding, rest, from: next)
            if next.isEmpty || quirk(.hashIsPruned) { node.hash = nil }
        default:
            let number = numbers[word]
            guard let next = node[number] else { return }
            remove(binding, rest, from: next)
            if next.isEmpty || next.bindings.isEmpty && quirk(.wordIsPruned) { node[number] = nil }
        }
    }

    /// Follows all patterns at once, a word at a time. Trying them one after the other would take exponential time on
    /// `#.#.#.#.…`; here every node is active at most once a word.
    func matches(_ message: Message, key: ShortString, _ found: (Destination<Target>) -> Void) -> Int {
        // The step numbers only ever grow, over all matches in this tree.
        var step = root.step + 1
        var active: [Node] = []
        func activate(_ node: Node, into active: inout [Node]) {
            var next: Node? = node
            // `#` may stand for no word at all, so a node behind it is reached together with the one before it.
            while let node = next, node.step != step {
                node.step = step
                active.append(node)
                next = node.hash
                if next != nil, node.isHash, quirk(.secondHashTakesAWord) { next = nil }
                if next?.hasWords == true, quirk(.hashBeforeAWordTakesOne) { next = nil }
                if next != nil, node.isBehindStar, quirk(.hashBehindAStarTakesAWord) {
                    next = nil
                }
            }
        }
        activate(root, into: &active)
        var places = 0
        for word in Self.words(of: key) {
            step += 1
            let number = numbers[word]
            var following: [Node] = []
            following.reserveCapacity(active.count)
            for node in active {
                if node.isHash { activate(node, into: &following) }
                let exact = node[number]
                if let exact { activate(exact, into: &following) }
                if exact != nil, quirk(.exactWordHidesStar) { continue }
                if word.isEmpty, quirk(.starIsNoEmptyWord) { continue }
                if let next = node.star { activate(next, into: &following) }
            }
            active = following
            places += active.count
        }
        Steps.take(places)
        if !quirk(.topicStepsAreNotKept) { root.step = step }
        for node in active { node.bindings.forEach { found($0.destination) } }
        return places
    }

    /// The words of a key: none in the empty key, and an empty one before, behind and between dots that have nothing
    /// there, as RabbitMQ splits it.
    static func words(of key: ShortString) -> [ShortString] {
        guard !key.isEmpty else { return [] }
        return key.octets.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(
            ShortString.init(slice:))
    }
}
