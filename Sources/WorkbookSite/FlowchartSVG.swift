/// Draws a flowchart: a column for each step from the exchange on, arrows between them.
struct FlowchartSVG {
    private struct Box {
        var node: Flowchart.Node
        var x = 0.0
        /// The middle.
        var y = 0.0
        var width = 0.0
    }

    // In the picture's own units, which a browser shows as pixels when there is room.
    private static let letter = 7.4
    private static let height = 38.0
    private static let rowGap = 22.0
    private static let margin = 6.0

    private let chart: Flowchart
    /// What the columns come from; the dotted ones go back.
    private let arrows: [Flowchart.Arrow]
    private var boxes: [String: Box] = [:]
    private var width = 0.0
    private var height = 0.0

    init(_ chart: Flowchart) {
        self.chart = chart
        arrows = chart.arrows.filter { !$0.isDotted }
        place()
    }

    var svg: String {
        let described = chart.arrows.map { arrow in
            "\(name(arrow.from)) to \(name(arrow.to))" + (arrow.label.isEmpty ? "" : " by \(arrow.label)")
        }
        return """
            <div class="wide"><svg class="picture" role="img" width="\(points(width))" height="\(points(height))" \
            style="min-width: min(\(points(width))px, 32rem)" viewBox="0 0 \(points(width)) \(points(height))" aria-label="\(escaped(described.joined(separator: "; ")))">
            <defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" \
            orient="auto"><path d="M0 0.5 8 4 0 7.5z" class="head"/></marker></defs>
            \((chart.arrows.map(draw) + chart.nodes.compactMap { boxes[$0.id].map(draw) }).joined(separator: "\n"))
            </svg></div>
            """
    }

    private func name(_ id: String) -> String { boxes[id]?.node.label ?? id }

    // MARK: Where things go

    /// Columns by the longest way from a source; in a column, the order in which the page names them, each as near as can
    /// be to the middle of what it sends to.
    private mutating func place() {
        var column: [String: Int] = [:]
        for node in chart.nodes { column[node.id] = 0 }
        // A cycle of exchanges would go on for ever: as many rounds as there are nodes are enough for all else.
        for _ in chart.nodes {
            for arrow in arrows {
                let behind = (column[arrow.from] ?? 0) + 1
                if behind > column[arrow.to] ?? 0, behind < chart.nodes.count { column[arrow.to] = behind }
            }
        }
        // Queues stand under queues, consumers under consumers, also those that nothing leads to.
        for shape in [Flowchart.Shape.queue, .consumer] {
            let same = chart.nodes.filter { $0.shape == shape }.map(\.id)
            let last = same.compactMap { column[$0] }.max() ?? 0
            for id in same { column[id] = last }
        }
        let columns = (0...(column.values.max() ?? 0)).map { number in
            chart.nodes.filter { column[$0.id] == number }
        }.filter { !$0.isEmpty }

        var x = Self.margin
        for (number, nodes) in columns.enumerated() {
            let widest = nodes.map { Self.width(of: $0) }.max() ?? 0
            for node in nodes { boxes[node.id] = Box(node: node, x: x, y: 0, width: widest) }
            let ids = Set(nodes.map(\.id))
            let there = longest(arrows.filter { ids.contains($0.from) })
            let back = longest(chart.arrows.filter { $0.isDotted && ids.contains($0.to) })
            let gap = max(48, there + 34 + (back > 0 ? back + 34 : 0))
            x += widest + (number == columns.count - 1 ? Self.margin : gap)
        }
        width = x
        placeRows(columns)
    }

    /// The width of the longest label.
    private func longest(_ arrows: [Flowchart.Arrow]) -> Double {
        arrows.map { Double($0.label.count) * Self.letter }.max() ?? 0
    }

    private mutating func placeRows(_ columns: [[Flowchart.Node]]) {
        let step = Self.height + Self.rowGap
        for nodes in columns.reversed() {
            var next = Self.margin + Self.height / 2
            for node in nodes {
                let targets = arrows.filter { $0.from == node.id }.compactMap { boxes[$0.to]?.y }.filter {
                    $0 > 0
                }
                let wanted = targets.isEmpty ? next : targets.reduce(0, +) / Double(targets.count)
                boxes[node.id]?.y = max(next, wanted)
                next = max(next, wanted) + step
            }
            height = max(height, next - step + Self.height / 2 + Self.margin)
        }
    }

    private static func width(of node: Flowchart.Node) -> Double {
        Double(node.label.count) * letter + (node.shape == .exchange ? 44 : 34)
    }

    // MARK: Drawing

    private func draw(_ box: Box) -> String {
        let (left, right) = (box.x, box.x + box.width)
        let (top, bottom) = (box.y - Self.height / 2, box.y + Self.height / 2)
        let outline =
            switch box.node.shape {
            case .exchange:
                "M\(points(left + 12)) \(points(top)) H\(points(right - 12)) L\(points(right)) \(points(box.y)) "
                    + "L\(points(right - 12)) \(points(bottom)) H\(points(left + 12)) L\(points(left)) \(points(box.y))z"
            case .queue:
                // A cylinder on its side, as a pipe: messages go in on the left and out on the right.
                "M\(points(left + 7)) \(points(top)) H\(points(right - 7)) a7 19 0 0 1 0 38 H\(points(left + 7)) "
                    + "a7 19 0 0 1 0 -38z M\(points(right - 7)) \(points(top)) a7 19 0 0 0 0 38"
            case .consumer:
                "M\(points(left + 19)) \(points(top)) H\(points(right - 19)) a19 19 0 0 1 0 38 H\(points(left + 19)) "
                    + "a19 19 0 0 1 0 -38z"
            }
        let middle = box.node.shape == .queue ? box.x + box.width / 2 - 3 : box.x + box.width / 2
        return "<path class=\"\(box.node.shape.rawValue)\" d=\"\(outline)\"/>"
            + "<text x=\"\(points(middle))\" y=\"\(points(box.y + 4.5))\">\(escaped(box.node.label))</text>"
    }

    private func draw(_ arrow: Flowchart.Arrow) -> String {
        guard let from = boxes[arrow.from], let to = boxes[arrow.to] else { return "" }
        // There from right edge to left edge, in the middle; back the other way, a little below.
        let start = arrow.isDotted ? (x: from.x, y: from.y + 11) : (x: from.x + from.width, y: from.y)
        let end = arrow.isDotted ? (x: to.x + to.width - 5, y: to.y + 11) : (x: to.x, y: to.y)
        let bend = (end.x - start.x) / 2
        let line =
            "<path class=\"arrow\"\(arrow.isDotted ? " stroke-dasharray=\"3 4\"" : "") marker-end=\"url(#head)\" d=\"M\(points(start.x)) \(points(start.y)) "
            + "C\(points(start.x + bend)) \(points(start.y)) \(points(end.x - bend)) \(points(end.y)) "
            + "\(points(end.x)) \(points(end.y))\"/>"
        if arrow.label.isEmpty { return line }
        // In the middle; where arrows also come back, each label is nearer to where its arrow begins. Those that go there
        // begin at one point: not so near that their labels lie on each other.
        let t = arrows.count == chart.arrows.count ? 0.5 : arrow.isDotted ? 0.2 : 0.4
        let x = start.x + (end.x - start.x) * (1.5 * t - 1.5 * t * t + t * t * t)
        let y = start.y + (end.y - start.y) * (3 * t * t - 2 * t * t * t)
        let wide = Double(arrow.label.count) * Self.letter + 6
        return line
            + "<rect class=\"key\" x=\"\(points(x - wide / 2))\" y=\"\(points(y - 9))\" width=\"\(points(wide))\" height=\"18\"/>"
            + "<text class=\"key\" x=\"\(points(x))\" y=\"\(points(y + 4.5))\">\(escaped(arrow.label))</text>"
    }

    /// One digit behind the point is finer than anybody sees.
    private func points(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
