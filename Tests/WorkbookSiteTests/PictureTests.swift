import Foundation
import SeededGenerator
import Testing

@testable import WorkbookSite

/// Whatever a picture shows can be seen: nothing in it covers anything else.
struct PictureTests {
    @Test func nothingInAChaptersPictureCoversAnythingElse() throws {
        let pages = try Workbook.chapters().map(\.path)
        #expect(pages.count >= 9)
        for page in pages {
            let file = Workbook.root.appending(path: page)
            let blocks = MarkdownPage(try String(contentsOf: file, encoding: .utf8)).blocks
            let html = PageHTML(blocks, inline: InlineMarkdown()).html
            let pictures = html.matches(of: /<svg class="picture"[\s\S]*?<\/svg>/).map { String($0.output) }
            let charts = blocks.compactMap { block -> Flowchart? in
                if case .code("mermaid", let lines, _) = block { Flowchart(lines) } else { nil }
            }
            #expect(!charts.isEmpty && pictures.count == charts.count, "\(page)")
            for (svg, chart) in zip(pictures, charts) {
                let picture = try #require(MeasuredPicture(svg), "\(page): a picture that can't be measured")
                #expect(picture.nodes.count == chart.nodes.count, "\(page)")
                #expect(picture.arrows.count == chart.arrows.count, "\(page)")
                #expect(picture.nodes.contains { $0.shape == "producer" }, "\(page): nobody publishes")
                for flaw in picture.flaws { Issue.record("\(page): \(flaw)") }
            }
        }
    }

    /// Charts as no chapter has them: several of everything, bindings side by side, exchanges behind exchanges.
    @Test(arguments: 1...40)
    func nothingCoversAnythingInAnyOther(seed: UInt64) throws {
        let chart = try #require(Flowchart(Self.lines(seed)))
        let picture = try #require(MeasuredPicture(FlowchartSVG(chart).svg))
        #expect(picture.arrows.count == chart.arrows.count { $0.from != $0.to })
        for flaw in picture.flaws { Issue.record("\(flaw), in:\n\(Self.lines(seed).joined(separator: "\n"))") }
    }

    static func lines(_ seed: UInt64) -> [String] {
        var random = SeededGenerator(seed: seed)
        func some(_ most: Int) -> Int { Int.random(in: 1...most, using: &random) }
        func key() -> String { String(repeating: "k", count: some(20)) }
        let (producers, exchanges, queues) = (some(3), some(3), some(5))
        var lines = ["flowchart LR"]
        lines += (0..<producers).map { "p\($0)[\"\(key())\"]" }
        lines += (0..<exchanges).map { "x\($0){{\"\(key()) (topic)\"}}" }
        lines += (0..<queues).map { "q\($0)[(\"\(key()), \(some(9)) ready\")]" }
        for producer in 0..<producers {
            lines.append("p\(producer) --> x\(some(exchanges) - 1)")
            for word in ["confirm", "return"].prefix(some(3) - 1) {
                lines.append("x\(some(exchanges) - 1) -. \"\(word)\" .-> p\(producer)")
            }
        }
        for queue in 0..<queues {
            for _ in 0..<some(3) { lines.append("x\(some(exchanges) - 1) -- \"\(key())\" --> q\(queue)") }
            if some(3) == 1 { lines.append("q\(queue) -. \"dead: \(key())\" .-> x\(some(exchanges) - 1)") }
            for consumer in 0..<(some(3) - 1) {
                let name = "c\(queue)\(consumer)"
                lines.append("q\(queue) --> \(name)([\"work \(consumer), prefetch \(some(99))\"])")
                if some(3) == 1 { lines.append("\(name) -. \"reply\" .-> x\(some(exchanges) - 1)") }
            }
            if some(5) == 1 { lines.append("q\(queue) -. \"reply\" .-> p\(some(producers) - 1)") }
        }
        for exchange in 1..<max(2, exchanges) where exchange < exchanges {
            lines.append("x\(some(exchanges) - 1) -- \"\(key())\" --> x\(exchange)")
        }
        return lines
    }
}

/// The measuring sees what is wrong, and says what.
struct MeasuredPictureTests {
    /// Two queues with an arrow between them, and whatever else.
    private func flaws(_ more: String) throws -> [String] {
        let box = { (name: String, x: Int, y: Int) in
            "<path class=\"queue\" d=\"M\(x) \(y) H\(x + 60) V\(y + 38) H\(x)z\"/><text x=\"\(x + 30)\" y=\"\(y + 23)\">\(name)</text>"
        }
        let svg = """
            <svg viewBox="0 0 400 200"><defs></defs><path class="arrow" d="M70 39 H300"/>
            <rect class="key" x="180" y="30"/><text class="key" x="200" y="43.5">key</text>
            \(box("a", 10, 20)) \(box("b", 300, 20)) \(more)</svg>
            """
        return try #require(MeasuredPicture(svg)).flaws
    }

    @Test func aPictureWithRoomHasNoFaults() throws {
        #expect(try flaws("") == [])
        #expect(try flaws("<path class=\"arrow\" d=\"M100 0 V100\"/>") == [], "arrows may cross")
    }

    @Test func whatCoversSomethingIsNamed() throws {
        let box = "<path class=\"queue\" d=\"M20 50 H80 V88 H20z\"/><text x=\"50\" y=\"73\">c</text>"
        #expect(try flaws(box) == ["a and c overlap"])
        let label = "<path class=\"arrow\" d=\"M70 52 H300\"/><text class=\"key\" x=\"200\" y=\"55\">other</text>"
        #expect(try flaws(label) == ["'key' and 'other' overlap"])
        #expect(
            try flaws("<path class=\"arrow\" d=\"M200 0 V100\"/>") == ["arrow 2 runs through 'key'"])
        #expect(try flaws("<path class=\"arrow\" d=\"M30 0 V100\"/>") == ["arrow 2 runs through a"])
        #expect(
            try flaws("<path class=\"arrow\" d=\"M72 42 H170\"/>") == [
                "arrow 1 'key' and arrow 2 run on each other for 98"
            ])
    }

    @Test func whatStandsOutIsNamed() throws {
        #expect(try flaws("<path class=\"arrow\" d=\"M100 100 H500\"/>") == ["arrow 2 stands out of the picture"])
        let text = "<path class=\"queue\" d=\"M20 100 H60 V138 H20z\"/><text x=\"40\" y=\"123\">too long</text>"
        #expect(try flaws(text) == ["'too long' stands out of its queue"])
        let label = "<path class=\"arrow\" d=\"M100 100 H200\"/><text class=\"key\" x=\"150\" y=\"150\">off</text>"
        #expect(try flaws(label) == ["'off' is not on its arrow"])
    }

    @Test func whatCannotBeMeasuredIsRefused() {
        #expect(MeasuredPicture("<svg></svg>") == nil)
        #expect(MeasuredPicture("<svg viewBox=\"0 0 9 9\"><path class=\"queue\" d=\"M1 1 Q2 2 3 3\"/></svg>") == nil)
    }
}
