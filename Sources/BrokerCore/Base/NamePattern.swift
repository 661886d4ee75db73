import DataStructures

/// A regular expression over names, as permissions use them: what of PCRE (RabbitMQ's expressions) can be matched in time
/// that grows with the name's length times the expression's, whatever both are.
///
/// All states that the expression may be in go through the name side by side (Thompson's construction), so nothing is
/// ever tried again: `^(a+)+$`, on which a backtracking matcher takes twice as long for every `a` more, is like any other.
/// What can't be matched so, such as references to groups, is refused.
public struct NamePattern: Sendable {
    /// One thing to do on the way through a name.
    enum Step: Sendable {
        case one(Scalars)
        /// Go on here and there.
        case split(Int, Int)
        case jump(Int)
        case position(Position)
        /// What follows must match, or must not, and is not taken.
        case look([Step], isNegated: Bool)
    }

    /// Something that holds between two scalars.
    enum Position: Sendable { case start, end, last, boundary, noBoundary }

    private let steps: [Step]
    private let ignoresCase: Bool
    /// How many steps may be taken at each scalar of a name.
    let weight: Int

    /// Throws ``Unsupported`` for what is no expression, or none that is matched here.
    public init(_ pattern: String) throws(Unsupported) {
        // What is read of it takes many times its room, and no more steps than there may be are of any use.
        guard pattern.utf8.count <= Self.longest else {
            throw Unsupported(reason: "it has more than \(Self.longest) octets")
        }
        var parser = NamePatternParser(pattern)
        var total = 0
        steps = try Self.compiled(parser.parse(), &total)
        (ignoresCase, weight) = (parser.everIgnoresCase, total + Self.weightOfClasses(steps))
    }

    /// What classes of many scalars add.
    private static func weightOfClasses(_ steps: [Step]) -> Int {
        steps.reduce(0) { weight, step in
            switch step {
            case .one(let scalars): weight + scalars.weight
            case .look(let inner, _): weight + weightOfLook * weightOfClasses(inner)
            default: weight
            }
        }
    }

    /// Why an expression is not taken.
    public struct Unsupported: Error, Equatable {
        public let reason: String
    }

    /// True when it matches somewhere in the name. Takes scalars for characters, as RabbitMQ's expressions do.
    public func matches(_ name: String) -> Bool {
        // Each scalar is asked about many times, and its cases cost more than all the rest.
        let letters = name.unicodeScalars.map { Letter($0, ignoringCase: ignoresCase) }
        return Run(name: letters).matches(
            steps, from: 0, anywhere: !beginsWithAChoice || !quirk(.firstAnchorHoldsForAll))
    }

    /// Between what begins at the start of a name and something else, perhaps.
    private var beginsWithAChoice: Bool { if case .split? = steps.first { true } else { false } }

    // MARK: Building

    /// More steps than this are not run for a name.
    private static let mostSteps = 2000
    /// A look ahead goes on from each scalar of a name as far as the name does, so each of its steps counts as so many.
    private static let weightOfLook = 16
    /// Octets of an expression.
    private static let longest = 8192

    private static func compiled(_ node: NamePatternParser.Node, _ total: inout Int) throws(Unsupported) -> [Step] {
        var steps: [Step] = []
        try append(node, to: &steps, &total)
        return steps
    }

    /// Adds what a node comes to. `total` counts all steps, also those within looks ahead.
    private static func append(
        _ node: NamePatternParser.Node, to steps: inout [Step], _ total: inout Int
    ) throws(Unsupported) {
        total += 1
        guard total <= mostSteps else { throw Unsupported(reason: "it is too long when its repeats are written out") }
        switch node {
        case .one(let scalars): steps.append(.one(scalars))
        case .position(let position): steps.append(.position(position))
        case .look(let inner, let isNegated):
            let before = total
            steps.append(.look(try compiled(inner, &total), isNegated: isNegated))
            total += (total - before) * (weightOfLook - 1)
            guard total <= mostSteps else {
                throw Unsupported(reason: "what it looks ahead for is too long when its repeats are written out")
            }
        case .sequence(let nodes): for node in nodes { try append(node, to: &steps, &total) }
        case .choice(let nodes): try appendChoice(nodes[...], to: &steps, &total)
        case .repeated(let node, let least, let most):
            for _ in 0..<least { try append(node, to: &steps, &total) }
            guard let most else {
                let start = steps.count
                steps.append(.jump(0))
                try append(node, to: &steps, &total)
                steps.append(.jump(start))
                steps[start] = .split(start + 1, steps.count)
                return
            }
            for _ in least..<max(least, most) {
                let start = steps.count
                steps.append(.jump(0))
                try append(node, to: &steps, &total)
                steps[start] = .split(start + 1, steps.count)
            }
        }
    }

    private static func appendChoice(
        _ nodes: ArraySlice<NamePatternParser.Node>, to steps: inout [Step], _ total: inout Int
    ) throws(Unsupported) {
        guard let first = nodes.first else { return }
        guard nodes.count > 1 else { return try append(first, to: &steps, &total) }
        let start = steps.count
        steps.append(.jump(0))
        try append(first, to: &steps, &total)
        let end = steps.count
        steps.append(.jump(0))
        steps[start] = .split(start + 1, steps.count)
        try appendChoice(nodes.dropFirst(), to: &steps, &total)
        steps[end] = .jump(steps.count)
    }
}

extension NamePattern {
    /// A set of scalars.
    struct Scalars: Sendable {
        /// Apart from each other, the lowest first.
        private(set) var ranges: [ClosedRange<UInt32>]
        var isNegated = false
        var ignoresCase = false

        /// - Parameter ranges: in any order
        init(ranges: [ClosedRange<UInt32>], isNegated: Bool = false, ignoresCase: Bool = false) {
            var apart: [ClosedRange<UInt32>] = []
            for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
                if let last = apart.last, range.lowerBound <= last.upperBound {
                    apart[apart.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
                } else {
                    apart.append(range)
                }
            }
            (self.ranges, self.isNegated, self.ignoresCase) = (apart, isNegated, ignoresCase)
        }

        /// How long a look at it may take, beyond that at a single scalar: what halving it takes.
        var weight: Int {
            let halvings = ranges.count < 2 ? 0 : Int.bitWidth - (ranges.count - 1).leadingZeroBitCount
            return ignoresCase ? 3 * halvings + 2 : halvings
        }

        fileprivate func contains(_ letter: Letter) -> Bool {
            let isFound =
                isAmongRanges(letter.value)
                || ignoresCase && (isAmongRanges(letter.lower) || isAmongRanges(letter.upper))
            return isFound != isNegated
        }

        /// A class may be as long as an expression, and is asked at each scalar of a name.
        private func isAmongRanges(_ value: UInt32) -> Bool {
            var (low, high) = (0, ranges.count)
            while low < high {
                Steps.take()
                let middle = (low + high) / 2
                if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
            }
            return low < ranges.count && ranges[low].lowerBound <= value
        }
    }

    /// A scalar of a name, and what it is in lower and upper case.
    fileprivate struct Letter {
        let value: UInt32
        let lower: UInt32
        let upper: UInt32

        init(_ scalar: Unicode.Scalar, ignoringCase: Bool) {
            value = scalar.value
            guard ignoringCase else {
                (lower, upper) = (value, value)
                return
            }
            lower = Self.only(scalar.properties.lowercaseMapping) ?? value
            upper = Self.only(scalar.properties.uppercaseMapping) ?? value
        }

        /// The one scalar of a text.
        private static func only(_ text: String) -> UInt32? {
            text.unicodeScalars.count == 1 ? text.unicodeScalars.first?.value : nil
        }
    }

    /// One name's way through an expression.
    private struct Run {
        let name: [Letter]

        func matches(_ steps: [Step], from start: Int, anywhere: Bool) -> Bool {
            var active: [Int] = []
            // Nothing begins behind the beginning.
            let isAnchored = if case .position(.start)? = steps.first { true } else { false }
            for at in start...name.count {
                var seen = Array(repeating: false, count: steps.count + 1)
                var here: [Int] = []
                for step in active { reach(step, steps, at, &seen, &here) }
                if at == start || anywhere { reach(0, steps, at, &seen, &here) }
                if seen[steps.count] { return true }
                guard at < name.count else { break }
                active = here.filter { step in
                    if case .one(let scalars) = steps[step] { scalars.contains(name[at]) } else { false }
                }.map { $0 + 1 }
                if active.isEmpty, !anywhere || isAnchored { return false }
            }
            return false
        }

        /// Marks all steps that can be reached from here without taking a scalar, and lists those that take one.
        private func reach(_ first: Int, _ steps: [Step], _ at: Int, _ seen: inout [Bool], _ here: inout [Int]) {
            var pending = [first]
            while let step = pending.popLast() {
                if seen[step] { continue }
                seen[step] = true
                guard step < steps.count else { continue }
                switch steps[step] {
                case .one: here.append(step)
                case .split(let one, let other): pending += [other, one]
                case .jump(let target): pending.append(target)
                case .position(let position): if holds(position, at) { pending.append(step + 1) }
                case .look(let inner, let isNegated):
                    if matches(inner, from: at, anywhere: false) != isNegated { pending.append(step + 1) }
                }
            }
        }

        private func holds(_ position: Position, _ at: Int) -> Bool {
            switch position {
            case .start: at == 0
            case .last: at == name.count
            // Before a line feed that ends the name too, as in PCRE.
            case .end: at == name.count || at == name.count - 1 && name[at].value == 0x0A
            case .boundary: isWord(at - 1) != isWord(at)
            case .noBoundary: isWord(at - 1) == isWord(at)
            }
        }

        private func isWord(_ at: Int) -> Bool {
            name.indices.contains(at) && NamePatternParser.word.contains { $0.contains(name[at].value) }
        }
    }
}
