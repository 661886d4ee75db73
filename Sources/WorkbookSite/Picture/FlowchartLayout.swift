/// Where everything of a flowchart stands: columns from left to right, in each column spots from top to bottom, and between
/// neighbouring columns the pieces of the arrows.
///
/// Nothing can cover anything else, by the way it is built. A piece of an arrow leaves its left spot and enters its right one at
/// ports of its own, as far from each other as a label is high. Before it enters, it goes straight for as long as the longest
/// label is, and that is where its label stands. A long arrow has a spot of its own in each column that it passes.
struct FlowchartLayout {
    /// A node, or the place where a long arrow passes a column.
    struct Spot {
        /// nil: an arrow passes.
        var node: Flowchart.Node?
        var column: Int
        /// The pieces that end at its left and at its right side, from top to bottom.
        var left: [Int] = []
        var right: [Int] = []
        var x = 0.0
        /// The middle.
        var y = 0.0
        var width = 0.0
        var height = 0.0

        func ports(_ side: Side) -> [Int] { side == .left ? left : right }
    }

    enum Side { case left, right }

    /// A piece of an arrow, from the right side of a spot to the left side of a spot in the next column.
    struct Piece {
        var arrow: Int
        var from: Int
        var to: Int
        /// The arrow's last on the right, where its label stands.
        var hasLabel: Bool

        func end(_ side: Side) -> Int { side == .left ? from : to }
    }

    // In the picture's own units, which a browser shows as pixels when there is room.

    /// The width of a letter: of the monospaced fonts in use, at 12.2 units, the widest take 7.35.
    static let letter = 7.4
    static let line = 15.0
    /// From one arrow's port to the next; a label is 18 high.
    static let slot = 22.0
    static let smallest = 38.0
    static let rowGap = 18.0
    static let margin = 6.0
    /// Between a label and the node that it stands before: an arrow's head, on a border that gives way a little.
    static let head = 18.0

    let chart: Flowchart
    private(set) var spots: [Spot] = []
    private(set) var pieces: [Piece] = []
    /// The spots of each column, from top to bottom.
    private(set) var columns: [[Int]] = []
    /// For each gap behind a column, where the labels begin.
    private(set) var labelStarts: [Double] = []
    private(set) var width = 0.0
    private(set) var height = 0.0

    init(_ chart: Flowchart) {
        self.chart = chart
        addSpots()
        order()
        placeRows()
        placeColumns()
    }

    /// How far from its middle a spot's port is.
    func offset(of piece: Int, on side: Side, of spot: Int) -> Double {
        let ports = spots[spot].ports(side)
        guard let place = ports.firstIndex(of: piece) else { return 0 }
        return (Double(place) - Double(ports.count - 1) / 2) * Self.slot
    }

    /// A label as a box shows it: long ones in several lines, in place of a comma and before a bracket.
    static func lines(of node: Flowchart.Node) -> [String] {
        guard node.label.count > 14 else { return [node.label] }
        let words = node.label.replacing(", ", with: "\n").replacing(" (", with: "\n(")
        return words.split(separator: "\n").map(String.init)
    }

    static func width(of label: some StringProtocol) -> Double { Double(label.count) * letter }

    // MARK: Spots and pieces

    private mutating func addSpots() {
        let column = FlowchartColumns(chart).column
        columns = Array(repeating: [], count: (column.values.max() ?? 0) + 1)
        var spot: [String: Int] = [:]
        for node in chart.nodes { spot[node.id] = add(Spot(node: node, column: column[node.id] ?? 0)) }
        for (number, arrow) in chart.arrows.enumerated() {
            guard let one = spot[arrow.from], let other = spot[arrow.to] else { continue }
            let (left, right) = spots[one].column < spots[other].column ? (one, other) : (other, one)
            // One that comes back to where it began is a word in its node's label.
            guard spots[left].column < spots[right].column else { continue }
            var last = left
            for passed in (spots[left].column + 1)..<spots[right].column {
                let next = add(Spot(node: nil, column: passed))
                pieces.append(Piece(arrow: number, from: last, to: next, hasLabel: false))
                last = next
            }
            pieces.append(Piece(arrow: number, from: last, to: right, hasLabel: !arrow.label.isEmpty))
        }
        for (number, piece) in pieces.enumerated() {
            spots[piece.from].right.append(number)
            spots[piece.to].left.append(number)
        }
        for index in spots.indices {
            let ports = Double(max(spots[index].left.count, spots[index].right.count))
            let lines = spots[index].node.map { Double(Self.lines(of: $0).count) * Self.line + 12 } ?? 0
            let least = spots[index].node == nil ? Self.slot : Self.smallest
            spots[index].height = max(least, lines, ports * Self.slot + 4)
        }
    }

    private mutating func add(_ spot: Spot) -> Int {
        spots.append(spot)
        columns[spot.column].append(spots.count - 1)
        return spots.count - 1
    }

    // MARK: Rows

    /// The order in which the page names them, as far as that crosses no more arrows than another.
    private mutating func order() {
        var best = columns
        var fewest = crossings
        for round in 0..<8 where fewest > 0 {
            let isForth = round % 2 == 0
            for number in isForth ? Array(columns.indices) : columns.indices.reversed() {
                let wanted = columns[number].enumerated().map { place, spot -> (Int, Double, Int) in
                    let (before, behind) = (spots[spot].left, spots[spot].right)
                    let ends = isForth ? before.map { pieces[$0].from } : behind.map { pieces[$0].to }
                    let places = ends.map { Double(row(of: $0)) }
                    return (spot, places.isEmpty ? Double(place) : places.reduce(0, +) / Double(places.count), place)
                }
                columns[number] = wanted.sorted { ($0.1, $0.2) < ($1.1, $1.2) }.map(\.0)
            }
            if crossings < fewest { (best, fewest) = (columns, crossings) }
        }
        columns = best
        for index in spots.indices {
            let (left, right) = (spots[index].left, spots[index].right)
            spots[index].left = left.sorted { (row(of: pieces[$0].from), $0) < (row(of: pieces[$1].from), $1) }
            spots[index].right = right.sorted { (row(of: pieces[$0].to), $0) < (row(of: pieces[$1].to), $1) }
        }
    }

    private func row(of spot: Int) -> Int { columns[spots[spot].column].firstIndex(of: spot) ?? 0 }

    /// How many pairs of arrows cross.
    private var crossings: Int {
        let rows = pieces.map { (gap: spots[$0.from].column, left: row(of: $0.from), right: row(of: $0.to)) }
        var count = 0
        for (number, one) in rows.enumerated() {
            for other in rows[..<number] where one.gap == other.gap {
                if (one.left - other.left) * (one.right - other.right) < 0 { count += 1 }
            }
        }
        return count
    }

    /// Each spot as near as can be to where its arrows would be straight.
    private mutating func placeRows() {
        for column in columns { place(column, near: column.map { _ in 0 }) }
        for round in 0..<8 {
            for column in round % 2 == 0 ? columns : columns.reversed() {
                place(column, near: column.map { wanted($0) })
            }
        }
        let top = spots.map { $0.y - $0.height / 2 }.min() ?? 0
        for index in spots.indices { spots[index].y += Self.margin - top }
        height = (spots.map { $0.y + $0.height / 2 }.max() ?? 0) + Self.margin
    }

    private func wanted(_ spot: Int) -> Double {
        let levels = [Side.left, .right].flatMap { side in
            spots[spot].ports(side).map { piece in
                let (other, otherSide): (Int, Side) =
                    side == .left ? (pieces[piece].from, .right) : (pieces[piece].to, .left)
                return spots[other].y + offset(of: piece, on: otherSide, of: other)
                    - offset(of: piece, on: side, of: spot)
            }
        }
        return levels.isEmpty ? spots[spot].y : levels.reduce(0, +) / Double(levels.count)
    }

    /// Places a column's spots in their order, with room between them, and together as near as can be to where they want to
    /// be: those that want the same place share the way (isotonic regression, by pooling neighbours).
    private mutating func place(_ column: [Int], near wanted: [Double]) {
        var below: [Double] = []
        var depth = 0.0
        for (place, spot) in column.enumerated() {
            if place > 0 {
                let above = spots[column[place - 1]]
                let gap = above.node == nil || spots[spot].node == nil ? Self.rowGap / 2 : Self.rowGap
                depth += (above.height + spots[spot].height) / 2 + gap
            }
            below.append(depth)
        }
        var pools: [(sum: Double, count: Int)] = []
        for (want, depth) in zip(wanted, below) {
            pools.append((want - depth, 1))
            while pools.count > 1 {
                let (last, before) = (pools[pools.count - 1], pools[pools.count - 2])
                guard before.sum / Double(before.count) > last.sum / Double(last.count) else { break }
                pools.removeLast(2)
                pools.append((before.sum + last.sum, before.count + last.count))
            }
        }
        let levels = pools.flatMap { Array(repeating: $0.sum / Double($0.count), count: $0.count) }
        for (place, spot) in column.enumerated() { spots[spot].y = levels[place] + below[place] }
    }

    // MARK: Columns

    private mutating func placeColumns() {
        var x = Self.margin
        for (number, column) in columns.enumerated() {
            let widest = column.compactMap { spots[$0].node }.map { Self.width(of: $0) }.max() ?? 0
            for spot in column { (spots[spot].x, spots[spot].width) = (x, widest) }
            x += widest
            let gap = pieces.indices.filter { spots[pieces[$0].from].column == number }
            guard number < columns.count - 1 else { break }
            let label =
                gap.filter { pieces[$0].hasLabel }.map {
                    Self.width(of: chart.arrows[pieces[$0].arrow].label) + 6
                }.max() ?? 0
            // What climbs far needs a longer way, so that arrows side by side keep apart.
            let climb = gap.map { abs(level(of: $0, .right) - level(of: $0, .left)) }.max() ?? 0
            let fan = max(28, climb * 0.6)
            labelStarts.append(x + fan)
            x += fan + label + Self.head
        }
        width = x + Self.margin
    }

    private static func width(of node: Flowchart.Node) -> Double {
        (lines(of: node).map { width(of: $0) }.max() ?? 0) + (node.shape == .exchange ? 44 : 34)
    }

    /// How high a piece begins, or ends.
    func level(of piece: Int, _ side: Side) -> Double {
        let spot = pieces[piece].end(side)
        return spots[spot].y + offset(of: piece, on: side == .left ? .right : .left, of: spot)
    }
}
