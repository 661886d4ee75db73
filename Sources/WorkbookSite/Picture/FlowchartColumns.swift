/// In which column each node of a flowchart stands: producers, then exchanges, queues and consumers, each kind behind the one
/// before; an exchange that others send to stands behind them.
struct FlowchartColumns {
    private(set) var column: [String: Int] = [:]

    init(_ chart: Flowchart) {
        var first = 0
        for shape in Flowchart.Shape.allCases {
            let nodes = chart.nodes.filter { $0.shape == shape }.map(\.id)
            guard !nodes.isEmpty else { continue }
            let kind = Set(nodes)
            let arrows = chart.arrows.filter { kind.contains($0.from) && kind.contains($0.to) }
            let ahead = Dictionary(grouping: arrows, by: \.from).mapValues { $0.map(\.to) }
            // Nodes so that each stands before those that it leads to, but for arrows that close a circle.
            var sorted: [String] = []
            var seen: Set<String> = []
            for node in nodes.reversed() { Self.visit(node, ahead, &seen, &sorted) }
            sorted.reverse()
            let place = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
            for node in nodes { column[node] = first }
            for node in sorted {
                for target in ahead[node] ?? [] where (place[target] ?? 0) > (place[node] ?? 0) {
                    column[target] = max(column[target] ?? 0, (column[node] ?? 0) + 1)
                }
            }
            first = (nodes.compactMap { column[$0] }.max() ?? first) + 1
        }
    }

    /// Depth first; a node is added behind all that it leads to.
    private static func visit(
        _ node: String, _ ahead: [String: [String]], _ seen: inout Set<String>, _ sorted: inout [String]
    ) {
        guard seen.insert(node).inserted else { return }
        for target in ahead[node] ?? [] { visit(target, ahead, &seen, &sorted) }
        sorted.append(node)
    }
}
