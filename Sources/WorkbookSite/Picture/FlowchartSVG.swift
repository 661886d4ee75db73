/// Draws a flowchart.
struct FlowchartSVG {
    private let chart: Flowchart
    private let layout: FlowchartLayout

    init(_ chart: Flowchart) {
        self.chart = Self.withLoopsNamed(chart)
        layout = FlowchartLayout(self.chart)
    }

    var svg: String {
        let names = Dictionary(chart.nodes.map { ($0.id, $0.label) }) { first, _ in first }
        let described = chart.arrows.map { arrow in
            "\(names[arrow.from] ?? arrow.from) to \(names[arrow.to] ?? arrow.to)"
                + (arrow.label.isEmpty ? "" : " by \(arrow.label)")
        }
        let (width, height) = (points(layout.width), points(layout.height))
        // On a small screen a reader scrolls sooner than read letters half as high.
        let least = points((layout.width * 0.78).rounded())
        let arrows = chart.arrows.indices.map { draw(arrow: $0) }
        let nodes = layout.spots.compactMap { spot in spot.node.map { draw($0, spot) } }
        return """
            <div class="wide" tabindex="0"><svg class="picture" role="img" width="\(width)" height="\(height)" \
            style="min-width: \(least)px" viewBox="0 0 \(width) \(height)" \
            aria-label="\(escaped(described.joined(separator: "; ")))">
            <defs><marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" \
            orient="auto"><path d="M0 0.5 8 4 0 7.5z" class="head"/></marker></defs>
            \((arrows + nodes).joined(separator: "\n"))
            </svg></div>
            """
    }

    /// An arrow from a node to itself would need a place of its own: a word in the node's label says the same.
    private static func withLoopsNamed(_ chart: Flowchart) -> Flowchart {
        let loops = chart.arrows.filter { $0.from == $0.to }
        return loops.reduce(chart) { chart, loop in
            chart.naming(loop.from, with: loop.label.isEmpty ? "to itself" : "to itself: \(loop.label)")
        }
    }

    // MARK: Nodes

    private func draw(_ node: Flowchart.Node, _ spot: FlowchartLayout.Spot) -> String {
        let (left, right) = (spot.x, spot.x + spot.width)
        let (top, bottom) = (spot.y - spot.height / 2, spot.y + spot.height / 2)
        let outline =
            switch node.shape {
            case .producer:
                "M\(points(left)) \(points(top)) H\(points(right)) V\(points(bottom)) H\(points(left))z"
            case .exchange:
                "M\(points(left + 12)) \(points(top)) H\(points(right - 12)) L\(points(right)) \(points(spot.y)) "
                    + "L\(points(right - 12)) \(points(bottom)) H\(points(left + 12)) L\(points(left)) \(points(spot.y))z"
            case .queue:
                // A cylinder on its side, as a pipe: messages go in on the left and out on the right.
                "M\(points(left + 7)) \(points(top)) H\(points(right - 7)) \(arc(7, spot.height, 1)) "
                    + "H\(points(left + 7)) \(arc(7, -spot.height, 1))z "
                    + "M\(points(right - 7)) \(points(top)) \(arc(7, spot.height, 0))"
            case .consumer:
                "M\(points(left + 19)) \(points(top)) H\(points(right - 19)) \(corner(19, 19)) V\(points(bottom - 19)) "
                    + "\(corner(-19, 19)) H\(points(left + 19)) \(corner(-19, -19)) V\(points(top + 19)) \(corner(19, -19))z"
            }
        let middle = node.shape == .queue ? (left + right) / 2 - 3 : (left + right) / 2
        let lines = FlowchartLayout.lines(of: node)
        let first = spot.y + 4.5 - Double(lines.count - 1) * FlowchartLayout.line / 2
        let texts = lines.enumerated().map { number, line in
            text(line, x: middle, y: first + Double(number) * FlowchartLayout.line)
        }
        return "<g><path class=\"\(node.shape.rawValue)\" d=\"\(outline)\"/>\(texts.joined())</g>"
    }

    /// Half of an ellipse, to what is straight above or below.
    private func arc(_ radius: Double, _ height: Double, _ sweep: Int) -> String {
        "a\(points(radius)) \(points(abs(height) / 2)) 0 0 \(sweep) 0 \(points(height))"
    }

    private func corner(_ x: Double, _ y: Double) -> String { "a19 19 0 0 1 \(points(x)) \(points(y))" }

    /// How far a node's border gives way beside its middle.
    private func inset(_ spot: FlowchartLayout.Spot, at offset: Double) -> Double {
        let half = spot.height / 2
        switch spot.node?.shape {
        case .producer, nil: return 0
        case .exchange: return 12 * abs(offset) / half
        case .queue: return 7 - 7 * (1 - (offset / half) * (offset / half)).squareRoot()
        case .consumer:
            let beyond = max(0, abs(offset) - (half - 19))
            return 19 - (19 * 19 - beyond * beyond).squareRoot()
        }
    }

    // MARK: Arrows

    /// A part of an arrow's way: straight, or a bend that begins and ends level.
    private struct Way {
        var start: (x: Double, y: Double)
        var end: (x: Double, y: Double)

        var reversed: Way { Way(start: end, end: start) }
    }

    private func draw(arrow number: Int) -> String {
        let pieces = layout.pieces.indices.filter { layout.pieces[$0].arrow == number }
        var ways: [Way] = []
        for index in pieces {
            let piece = layout.pieces[index]
            let (from, to) = (layout.spots[piece.from], layout.spots[piece.to])
            let (begin, end) = (layout.level(of: index, .left), layout.level(of: index, .right))
            let bendEnd = (x: layout.labelStarts[from.column], y: end)
            let start = (x: from.x + from.width - inset(from, at: begin - from.y), y: begin)
            // Past the column, where the arrow only passes.
            let stop = to.node == nil ? to.x + to.width : to.x + inset(to, at: end - to.y)
            ways += [Way(start: start, end: bendEnd), Way(start: bendEnd, end: (stop, end))]
        }
        let arrow = chart.arrows[number]
        // Its left end is where it begins, unless it goes back.
        if let first = pieces.first, let left = layout.spots[layout.pieces[first].from].node, left.id != arrow.from {
            ways = ways.reversed().map(\.reversed)
        }
        let steps = ways.map { way in
            if way.start.y == way.end.y { return "H\(points(way.end.x))" }
            let middle = points((way.start.x + way.end.x) / 2)
            let end = "\(points(way.end.x)) \(points(way.end.y))"
            return "C\(middle) \(points(way.start.y)) \(middle) \(points(way.end.y)) \(end)"
        }
        guard let start = ways.first?.start, let last = pieces.last else { return "" }
        let dashes = arrow.isDotted ? " stroke-dasharray=\"3 4\"" : ""
        let line =
            "<path class=\"arrow\"\(dashes) marker-end=\"url(#head)\" "
            + "d=\"M\(points(start.x)) \(points(start.y)) \(steps.joined(separator: " "))\"/>"
        return "<g>\(line)\(label(of: arrow, at: last))</g>"
    }

    /// Right before the node on the right, where the arrow is straight and has its height for itself.
    private func label(of arrow: Flowchart.Arrow, at index: Int) -> String {
        if arrow.label.isEmpty { return "" }
        let piece = layout.pieces[index]
        let (spot, y) = (layout.spots[piece.to], layout.level(of: index, .right))
        let wide = FlowchartLayout.width(of: arrow.label) + 6
        let left = spot.x - FlowchartLayout.head - wide
        let (corner, width) = ("x=\"\(points(left))\" y=\"\(points(y - 9))\"", "width=\"\(points(wide))\"")
        return "<rect class=\"key\" \(corner) \(width) height=\"18\"/>"
            + text(arrow.label, " class=\"key\"", x: left + wide / 2, y: y + 4.5)
    }

    private func text(_ text: String, _ style: String = "", x: Double, y: Double) -> String {
        "<text\(style) x=\"\(points(x))\" y=\"\(points(y))\">\(escaped(text))</text>"
    }

    /// One digit behind the point is finer than anybody sees.
    private func points(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        let (whole, rest) = abs(tenths).quotientAndRemainder(dividingBy: 10)
        return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
    }
}
