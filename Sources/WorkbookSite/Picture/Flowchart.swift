import Foundation

/// A picture as `workbook draw --mermaid` prints it: producers, exchanges, queues and consumers, from left to right.
struct Flowchart: Equatable {
    /// In the order of a message's way.
    enum Shape: String, CaseIterable { case producer, exchange, queue, consumer }

    struct Node: Equatable {
        var id: String
        var label: String
        var shape: Shape
    }

    struct Arrow: Equatable {
        var from: String
        var to: String
        var label: String
        /// Dotted: what comes back, such as a reply, a confirm, or what a queue gives up.
        var isDotted = false
    }

    private(set) var nodes: [Node] = []
    private(set) var arrows: [Arrow] = []

    /// `nil` when a line is of no form that `workbook draw` prints.
    init?(_ lines: [String]) {
        guard lines.first == "flowchart LR" else { return nil }
        for line in lines.dropFirst() {
            let words = line.trimmingCharacters(in: .whitespaces)
            if words.isEmpty { continue }
            // q0 -. "dead: jobs.retry" .-> x0
            if let match = words.wholeMatch(of: #/([a-z0-9]+) -\. "(.*)" \.-> ([a-z0-9]+)/#) {
                let label = Self.unescaped(match.2)
                arrows.append(Arrow(from: String(match.1), to: String(match.3), label: label, isDotted: true))
                continue
            }
            guard let arrow = words.range(of: "--> ") else {
                guard node(words) != nil else { return nil }
                continue
            }
            var source = String(words[..<arrow.lowerBound]).trimmingCharacters(in: .whitespaces)
            var label = ""
            if let start = source.range(of: " -- \""), source.hasSuffix("\"") {
                label = Self.unescaped(source[start.upperBound...].dropLast())
                source = String(source[..<start.lowerBound])
            }
            guard let target = node(String(words[arrow.upperBound...])) else { return nil }
            arrows.append(Arrow(from: source, to: target, label: label))
        }
        let known = Set(nodes.map(\.id))
        guard arrows.allSatisfy({ known.contains($0.from) && known.contains($0.to) }) else { return nil }
    }

    /// The same with more in a node's label.
    func naming(_ id: String, with words: String) -> Flowchart {
        var chart = self
        for index in nodes.indices where nodes[index].id == id { chart.nodes[index].label += ", \(words)" }
        return chart
    }

    /// Takes in `q0[("hello")]`, or `q0` alone, and says its id.
    private mutating func node(_ text: String) -> String? {
        let id = String(text.prefix { $0.isLetter || $0.isNumber })
        guard !id.isEmpty else { return nil }
        let rest = text.dropFirst(id.count)
        if rest.isEmpty { return id }
        let forms: [(open: String, close: String, shape: Shape)] = [
            ("{{\"", "\"}}", .exchange), ("[(\"", "\")]", .queue), ("([\"", "\"])", .consumer),
            ("[\"", "\"]", .producer),
        ]
        for form in forms where rest.hasPrefix(form.open) && rest.hasSuffix(form.close) {
            let label = Self.unescaped(rest.dropFirst(form.open.count).dropLast(form.close.count))
            nodes.append(Node(id: id, label: label, shape: form.shape))
            return id
        }
        return nil
    }

    private static func unescaped(_ text: Substring) -> String {
        String(text).replacing("#quot;", with: "\"").replacing("#35;", with: "#")
    }
}
