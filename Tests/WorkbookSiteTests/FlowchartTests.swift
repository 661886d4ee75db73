import Testing

@testable import WorkbookSite

struct FlowchartTests {
    private let lines = [
        "flowchart LR",
        "    p0[\"emit\"]",
        "    p0 --> x0",
        "    x0{{\"topic_logs (topic)\"}}",
        "    q0[(\"amq.gen-1\")]",
        "    x0 -- \"#35;.critical\" --> q0",
        "    q0 --> c0([\"consumer 1\"])",
    ]

    @Test func whatDrawPrintsIsRead() throws {
        let chart = try #require(Flowchart(lines))
        #expect(chart.nodes.map(\.label) == ["emit", "topic_logs (topic)", "amq.gen-1", "consumer 1"])
        #expect(chart.nodes.map(\.shape) == [.producer, .exchange, .queue, .consumer])
        #expect(chart.arrows.map(\.label) == ["", "#.critical", ""])
    }

    @Test(arguments: ["graph TD", "    x0 ==> x1", "    x9 --> q0"])
    func anythingElseIsNot(line: String) {
        #expect(Flowchart([line]) == nil)
        #expect(Flowchart(lines + [line]) == nil)
    }

    @Test func thePictureGoesFromLeftToRight() throws {
        let svg = FlowchartSVG(try #require(Flowchart(lines))).svg
        #expect(
            svg.contains(
                "aria-label=\"emit to topic_logs (topic); topic_logs (topic) to amq.gen-1 by #.critical; "
                    + "amq.gen-1 to consumer 1\""))
        let middles = svg.matches(of: /<text x="([0-9.]+)"/).compactMap { Double($0.output.1) }
        // The exchange has two lines.
        #expect(middles.count == 5 && middles == middles.sorted(), "\(middles)")
    }

    @Test func dottedArrowsGoBack() throws {
        let chart = try #require(Flowchart(lines + ["    q0 -. \"dead: a\" .-> x0"]))
        #expect(chart.arrows.last == .init(from: "q0", to: "x0", label: "dead: a", isDotted: true))
        let svg = FlowchartSVG(chart).svg
        #expect(svg.contains("stroke-dasharray"))
        // The columns stay: the exchange is left of the queue.
        let names = svg.matches(of: /<text x="([0-9.]+)"[^>]*>(topic_logs|amq.gen-1|consumer)/)
        let places = names.compactMap { Double($0.output.1) }
        #expect(places.count == 3 && places == places.sorted(), "\(places)")
    }

    @Test func exchangesInACircleEnd() throws {
        let circle = [
            "flowchart LR", "    x0{{\"a\"}}", "    x1{{\"b\"}}", "    x0 --> x1", "    x1 --> x0", "    x1 --> x1",
        ]
        #expect(!FlowchartSVG(try #require(Flowchart(circle))).svg.isEmpty)
    }
}
