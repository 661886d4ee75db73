/// Reads a regular expression in PCRE's notation, as far as ``NamePattern`` matches it.
struct NamePatternParser {
    indirect enum Node {
        case one(NamePattern.Scalars)
        case position(NamePattern.Position)
        case look(Node, isNegated: Bool)
        case sequence([Node])
        case choice([Node])
        /// `most` is nil where there is no end.
        case repeated(Node, least: Int, most: Int?)
    }

    typealias Unsupported = NamePattern.Unsupported

    private var rest: Substring.UnicodeScalarView
    private var depth = 0
    private var isInLook = false
    private var ignoresCase = false { didSet { if ignoresCase { everIgnoresCase = true } } }
    /// Somewhere in it.
    private(set) var everIgnoresCase = false

    init(_ pattern: String) { rest = pattern.unicodeScalars[...] }

    mutating func parse() throws(Unsupported) -> Node {
        let node = try choice()
        guard rest.isEmpty else { throw Unsupported(reason: "a ')' closes nothing") }
        return node
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.unicodeScalars) else { return false }
        rest.removeFirst(text.unicodeScalars.count)
        return true
    }

    // MARK: Sequences and groups

    private mutating func choice() throws(Unsupported) -> Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 50 else { throw Unsupported(reason: "its groups are nested too deep") }
        var branches: [Node] = []
        repeat { branches.append(try sequence()) } while take("|")
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(Unsupported) -> Node {
        var nodes: [Node] = []
        while let next = rest.first, next != "|", next != ")" {
            guard let node = try atom() else { continue }
            nodes.append(try quantified(node))
        }
        return .sequence(nodes)
    }

    /// nil: it was an option such as `(?i)`.
    private mutating func atom() throws(Unsupported) -> Node? {
        let scalar = rest.removeFirst()
        switch scalar {
        case "(": return try group()
        case "[": return .one(try characterClass())
        case ".": return .one(.init(ranges: [10...10], isNegated: true))
        case "^": return .position(.start)
        case "$": return .position(.end)
        case "\\": return try escape()
        case "*", "+", "?": throw Unsupported(reason: "a '\(scalar)' repeats nothing")
        default: return .one(literal(scalar))
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> NamePattern.Scalars {
        .init(ranges: [scalar.value...scalar.value], ignoresCase: ignoresCase)
    }

    private mutating func group() throws(Unsupported) -> Node? {
        let outer = ignoresCase
        if take("?i)") {
            ignoresCase = true
            return nil
        }
        if take("?=") || rest.starts(with: "?!".unicodeScalars) {
            let isNegated = take("?!")
            guard !isInLook else { throw Unsupported(reason: "a look ahead within another is not supported") }
            isInLook = true
            defer { isInLook = false }
            return .look(try closed(outer), isNegated: isNegated)
        }
        if take("?i:") {
            ignoresCase = true
        } else if rest.first == "?", !take("?:") {
            throw Unsupported(reason: "of groups that begin with '(?' only (?:, (?i), (?i:, (?= and (?! are supported")
        }
        return try closed(outer)
    }

    /// What a group contains. An option within it ends with it.
    private mutating func closed(_ outer: Bool) throws(Unsupported) -> Node {
        let node = try choice()
        ignoresCase = outer
        guard take(")") else { throw Unsupported(reason: "a '(' is not closed") }
        return node
    }

    // MARK: Repeats

    private mutating func quantified(_ node: Node) throws(Unsupported) -> Node {
        let (least, most): (Int, Int?)
        if take("*") {
            (least, most) = (0, nil)
        } else if take("+") {
            (least, most) = (1, nil)
        } else if take("?") {
            (least, most) = (0, 1)
        } else if let counts = try counts() {
            (least, most) = counts
        } else {
            return node
        }
        // Whether a repeat is greedy changes what is matched, and not whether.
        _ = take("?")
        if let next = rest.first, next == "+" || next == "*" || next == "?" {
            throw Unsupported(reason: "a repeat of a repeat is not supported")
        }
        return .repeated(node, least: least, most: most)
    }

    /// `{2}`, `{2,}` or `{2,3}`; anything else is a brace like any other character.
    private mutating func counts() throws(Unsupported) -> (Int, Int?)? {
        guard rest.first == "{", let end = rest.firstIndex(of: "}") else { return nil }
        let parts = String(rest[rest.index(after: rest.startIndex)..<end])
            .split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }), !parts[0].isEmpty else {
            return nil
        }
        rest = rest[rest.index(after: end)...]
        let most = parts.count == 1 ? parts[0] : parts[1]
        guard let least = Int(parts[0]), least <= 1000, let limit = most.isEmpty ? least : Int(most),
            (least...1000).contains(limit)
        else { throw Unsupported(reason: "a repeat counts from 0 to 1000, the smaller number first") }
        return (least, most.isEmpty ? nil : limit)
    }

    // MARK: Escapes and classes

    static let word: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    private static let sets: [Unicode.Scalar: [ClosedRange<UInt32>]] = [
        "d": [0x30...0x39], "w": word, "s": [0x09...0x0D, 0x20...0x20],
    ]
    private static let positions: [Unicode.Scalar: NamePattern.Position] = [
        "A": .start, "z": .last, "Z": .end, "b": .boundary, "B": .noBoundary,
    ]

    private mutating func escape() throws(Unsupported) -> Node {
        if let next = rest.first, let position = Self.positions[next] {
            rest.removeFirst()
            return .position(position)
        }
        return .one(try escaped())
    }

    /// What a `\` stands before, in a class or outside.
    private mutating func escaped() throws(Unsupported) -> NamePattern.Scalars {
        guard let scalar = rest.popFirst() else { throw Unsupported(reason: "a '\\' escapes nothing") }
        if let set = Self.sets[scalar] { return .init(ranges: set) }
        if let lower = scalar.properties.lowercaseMapping.unicodeScalars.first, let set = Self.sets[lower] {
            return .init(ranges: set, isNegated: true)
        }
        switch scalar {
        case "t": return literal("\t")
        case "n": return literal("\n")
        case "r": return literal("\r")
        case "x": return literal(try hexadecimal())
        case _ where Self.word.contains { $0.contains(scalar.value) }:
            throw Unsupported(reason: "'\\\(scalar)' is not supported")
        default: return literal(scalar)
        }
    }

    /// `41` or `{1F600}`.
    private mutating func hexadecimal() throws(Unsupported) -> Unicode.Scalar {
        var digits = ""
        if take("{") {
            while let next = rest.popFirst(), next != "}" { digits.unicodeScalars.append(next) }
        } else {
            while digits.count < 2, let next = rest.first, next.properties.isASCIIHexDigit {
                digits.unicodeScalars.append(rest.removeFirst())
            }
        }
        guard let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
            throw Unsupported(reason: "a '\\x' has no hexadecimal number")
        }
        return scalar
    }

    private mutating func characterClass() throws(Unsupported) -> NamePattern.Scalars {
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        var isFirst = true
        while let next = rest.popFirst() {
            // A bracket that comes first is meant itself.
            if next == "]", !isFirst { return .init(ranges: ranges, isNegated: isNegated, ignoresCase: ignoresCase) }
            isFirst = false
            if next == "[", let kind = rest.first, kind == ":" || kind == "." || kind == "=" {
                throw Unsupported(reason: "names of classes such as [:alpha:] are not supported")
            }
            let first = next == "\\" ? try escaped() : literal(next)
            guard !first.isNegated else {
                throw Unsupported(reason: "'\\D', '\\W' and '\\S' in brackets are not supported")
            }
            guard let low = first.ranges.first, low.count == 1, first.ranges.count == 1, rest.first == "-",
                rest.dropFirst().first != "]"
            else {
                ranges += first.ranges
                continue
            }
            rest.removeFirst()
            let last = take("\\") ? try escaped() : rest.popFirst().map(literal)
            guard let high = last?.ranges.first, last?.ranges.count == 1, high.count == 1,
                low.lowerBound <= high.lowerBound
            else { throw Unsupported(reason: "a range in brackets ends before it begins") }
            ranges.append(low.lowerBound...high.lowerBound)
        }
        throw Unsupported(reason: "a '[' is not closed")
    }
}
