import DataStructures

/// The patterns of a topic exchange, as a tree with a word on each edge.
///
/// A key may follow tens of thousands of patterns at once. So places are numbers in one flat table, and words are numbers
/// too: what a match costs is to look at each place once, in memory that lies close together.
final class TopicTree {
    /// What stands on an edge, beside the numbers of words, which are above 0.
    enum Word {
        static let none: Int32 = -1
        static let star: Int32 = -2
        static let hash: Int32 = -3
        /// A word that no pattern has.
        static let unknown: Int32 = 0
    }

    /// A place: all patterns that begin with the words on the way to it.
    private struct Node {
        /// Where one word leads. Most nodes have no other.
        var word = Word.none
        var next: Int32 = 0
        /// The table of where the others lead; -1: there are none.
        var table: Int32 = -1
        /// 0: nowhere.
        var star: Int32 = 0
        var hash: Int32 = 0
        /// The number of the pattern that ends here; -1: none does.
        var end: Int32 = -1
        /// True when the edge to this node is `#`, which may take any number of words.
        var isHash = false
        /// True when an edge on the way to this node is `*`.
        var isBehindStar = false
        /// The step of a match that last put this node among the active ones, so that none is there twice.
        var step: UInt64 = 0

        var hasWords: Bool { next != 0 || table >= 0 }
        var isEmpty: Bool { !hasWords && star == 0 && hash == 0 && end < 0 }
    }

    /// The first is the root.
    private var nodes = [Node()]
    private var freeNodes: [Int32] = []
    private var tables: [DividedDictionary<Int32, Int32>] = []
    private var freeTables: [Int32] = []
    /// Only ever grows, over all matches.
    private var step: UInt64 = 0

    // MARK: Patterns

    /// The number of a pattern: `new` if it had none.
    func add(_ pattern: [Int32], as new: Int32) -> Int32 {
        var place: Int32 = 0
        for word in pattern {
            let known = self[place, word]
            let next = known > 0 ? known : newNode()
            if known == 0 { self[place, word] = next }
            if word == Word.hash { nodes[Int(next)].isHash = true }
            if word != Word.hash, word == Word.star || nodes[Int(place)].isBehindStar {
                nodes[Int(next)].isBehindStar = true
            }
            place = next
        }
        if nodes[Int(place)].end < 0 { nodes[Int(place)].end = new }
        return nodes[Int(place)].end
    }

    /// The number of a pattern; nil: it is not here.
    func number(of pattern: [Int32]) -> Int32? {
        guard let place = way(of: pattern)?.last, nodes[Int(place)].end >= 0 else { return nil }
        return nodes[Int(place)].end
    }

    /// A binding of a pattern is gone. `isLast`: the pattern too, and the nodes that then lead nowhere.
    func remove(_ pattern: [Int32], isLast: Bool) {
        guard let way = way(of: pattern) else { return }
        if isLast { nodes[Int(way[pattern.count])].end = -1 }
        for depth in pattern.indices.reversed() {
            let (word, next) = (pattern[depth], way[depth + 1])
            let node = nodes[Int(next)]
            let isPruned =
                switch word {
                case Word.star: node.end < 0 && quirk(.starIsPruned)
                case Word.hash: quirk(.hashIsPruned)
                default: node.end < 0 && quirk(.wordIsPruned)
                }
            guard node.isEmpty || isPruned else { continue }
            self[way[depth], word] = 0
            if node.isEmpty { freeNodes.append(next) }
        }
        if nodes.count > Self.mostKept, freeNodes.count == nodes.count - 1, nodes[0].isEmpty {
            (nodes, freeNodes, tables, freeTables) = ([Node()], [], [], [])
        }
    }

    /// So many places stay for new patterns when there are none any more.
    private static let mostKept = 64

    /// Those that take up memory: a free one among many does so as long as the others are there.
    var placeCount: Int { nodes.count - 1 - (nodes.count > Self.mostKept ? 0 : freeNodes.count) }

    /// The places on the way of a pattern, the root included.
    private func way(of pattern: [Int32]) -> [Int32]? {
        var way: [Int32] = [0]
        for word in pattern {
            let next = self[way[way.count - 1], word]
            if next == 0 { return nil }
            way.append(next)
        }
        return way
    }

    private func newNode() -> Int32 {
        if let free = freeNodes.popLast() {
            let staysHash = nodes[Int(free)].isHash && quirk(.freedHashStaysOne)
            nodes[Int(free)] = Node()
            nodes[Int(free)].isHash = staysHash
            return free
        }
        nodes.append(Node())
        return Int32(truncatingIfNeeded: nodes.count - 1)
    }

    /// Where a word leads from a place; 0: nowhere.
    private subscript(place: Int32, word: Int32) -> Int32 {
        get {
            let node = nodes[Int(place)]
            return switch word {
            case Word.star: node.star
            case Word.hash: node.hash
            case node.word: node.next
            default: node.table < 0 ? 0 : tables[Int(node.table)][word] ?? 0
            }
        }
        set {
            let node = nodes[Int(place)]
            switch word {
            case Word.star: nodes[Int(place)].star = newValue
            case Word.hash: nodes[Int(place)].hash = newValue
            case node.word:
                (nodes[Int(place)].word, nodes[Int(place)].next) = newValue > 0 ? (word, newValue) : (Word.none, 0)
            default:
                if newValue > 0, node.next == 0 {
                    (nodes[Int(place)].word, nodes[Int(place)].next) = (word, newValue)
                } else {
                    setInTable(place, word, newValue)
                }
            }
        }
    }

    private func setInTable(_ place: Int32, _ word: Int32, _ next: Int32) {
        var table = nodes[Int(place)].table
        if table < 0 {
            table = freeTables.popLast() ?? Int32(truncatingIfNeeded: tables.count)
            if Int(table) == tables.count { tables.append(.init()) }
            nodes[Int(place)].table = table
        }
        tables[Int(table)][word] = next > 0 ? next : nil
        if tables[Int(table)].isEmpty {
            freeTables.append(table)
            if !quirk(.emptyTablesStayWithTheirNodes) { nodes[Int(place)].table = -1 }
        }
    }

    // MARK: Matching

    /// So many places may be looked at a word at a time, or each twice.
    private static var mostByWord: Int { 16_000 }

    /// The numbers of the patterns that a key matches, and how many places were looked at.
    func match(_ key: [Int32], isEmptyWord: (Int) -> Bool) -> (numbers: [Int32], places: Int) {
        var places = 0
        if let numbers = matchByWord(key, &places, isEmptyWord: isEmptyWord) { return (numbers, places) }
        return (matchByPlace(key, &places), places)
    }

    /// Follows all patterns at once, a word at a time. Trying them one after the other would take exponential time on
    /// `#.#.#.#.…`; here every node is active at most once a word. nil: there are so many words and places that this takes too
    /// long.
    private func matchByWord(_ key: [Int32], _ places: inout Int, isEmptyWord: (Int) -> Bool) -> [Int32]? {
        let tables = tables
        var step = step
        defer { if !quirk(.topicStepsAreNotKept) { self.step = step } }
        return nodes.withUnsafeMutableBufferPointer { nodes in
            func activate(_ place: Int32, into active: inout [Int32]) {
                var place = place
                // `#` may stand for no word at all, so a node behind it is reached together with the one before it.
                while nodes[Int(place)].step != step {
                    nodes[Int(place)].step = step
                    active.append(place)
                    let node = nodes[Int(place)]
                    if node.hash == 0 { return }
                    if node.isHash, quirk(.secondHashTakesAWord) { return }
                    if nodes[Int(node.hash)].hasWords, quirk(.hashBeforeAWordTakesOne) { return }
                    if node.isBehindStar, quirk(.hashBehindAStarTakesAWord) { return }
                    place = node.hash
                }
            }
            step += 1
            var (active, following): ([Int32], [Int32]) = ([], [])
            activate(0, into: &active)
            for (index, word) in key.enumerated() {
                step += 1
                following.removeAll(keepingCapacity: true)
                for place in active {
                    let node = nodes[Int(place)]
                    if node.isHash { activate(place, into: &following) }
                    let exact = node.word == word ? node.next : node.table < 0 ? 0 : tables[Int(node.table)][word] ?? 0
                    if exact > 0 { activate(exact, into: &following) }
                    if exact > 0, quirk(.exactWordHidesStar) { continue }
                    if node.star == 0 { continue }
                    if isEmptyWord(index), quirk(.starIsNoEmptyWord) { continue }
                    activate(node.star, into: &following)
                }
                swap(&active, &following)
                places += active.count
                Steps.take(active.count)
                if places > Self.mostByWord, places > 2 * nodes.count { return nil }
            }
            return active.compactMap { nodes[Int($0)].end >= 0 ? nodes[Int($0)].end : nil }
        }
    }

    /// Looks at each place once, and finds at once how many of the key's words there may be before it. The patterns come in
    /// another order.
    func matchByPlace(_ key: [Int32], _ places: inout Int) -> [Int32] {
        var (before, words) = (WordCounts(), [Int32: WordCounts]())
        for (index, word) in key.enumerated() {
            before.insert(index)
            words[word, default: WordCounts()].insert(index)
        }
        var (active, numbers) = ([(place: Int32(0), counts: WordCounts(0))], [Int32]())
        while let (place, counts) = active.popLast() {
            places += 1
            Steps.take()
            let node = nodes[Int(place)]
            let taken = node.isHash ? counts.andAbove : counts
            if node.end >= 0, taken.contains(key.count) { numbers.append(node.end) }
            if node.hash > 0 { active.append((node.hash, taken)) }
            let open = taken & before
            if open.isEmpty { continue }
            if node.star > 0 { active.append((node.star, open.plusOne)) }
            func follow(_ word: Int32, to next: Int32) {
                guard let those = words[word], !(those & open).isEmpty else { return }
                active.append((next, (those & open).plusOne))
            }
            if node.next > 0 { follow(node.word, to: node.next) }
            guard node.table >= 0 else { continue }
            let table = tables[Int(node.table)]
            for word in table.count < words.count ? table.keys : Array(words.keys) {
                if let next = table[word] { follow(word, to: next) }
            }
        }
        return numbers
    }
}

/// Numbers of words, as bits. A key has at most 256 words.
private struct WordCounts {
    private var bits = SIMD8<UInt64>()

    init() {}
    init(_ count: Int) { insert(count) }

    var isEmpty: Bool { bits == SIMD8() }
    mutating func insert(_ count: Int) { bits[count >> 6] |= 1 << UInt64(count & 63) }
    func contains(_ count: Int) -> Bool { bits[count >> 6] >> UInt64(count & 63) & 1 == 1 }

    static func & (one: WordCounts, other: WordCounts) -> WordCounts {
        var both = one
        both.bits = one.bits & other.bits
        return both
    }

    /// Each with one word more.
    var plusOne: WordCounts {
        let carry = bits &>> 63
        var next = self
        next.bits = (bits &<< 1) | SIMD8(0, carry[0], carry[1], carry[2], carry[3], carry[4], carry[5], carry[6])
        return next
    }

    /// The lowest, and all above it.
    var andAbove: WordCounts {
        var all = self
        guard let first = bits.indices.first(where: { bits[$0] != 0 }) else { return all }
        all.bits[first] = 0 &- (bits[first] & (0 &- bits[first]))
        for lane in (first + 1)..<8 { all.bits[lane] = .max }
        return all
    }
}
