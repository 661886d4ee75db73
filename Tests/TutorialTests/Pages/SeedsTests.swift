import Foundation
import Testing

/// `Tutorials/seeds.md` maps what the older tutorials have, all of it, to what is here, and is right.
@Suite struct SeedsTests {
    @Test func whatIsThereIsHere() throws {
        let page = try Page(path: "Tutorials/seeds.md")
        let rows = SeedRow.all(of: page)
        expectNone(try SeedRow.problems(rows, chapters: Repository.chapters()))
    }

    @Test func whatIsThereIsOnThePage() throws {
        expectNone(SeedFacts.problems(SeedFacts.all, SeedFacts.shown(on: try Page(path: "Tutorials/seeds.md"))))
    }

    @Test func whatIsMissingOrMisquotedIsSeen() {
        let text = """
            ## Notes

            | there | here | where |
            |---|---|---|
            | the worker, `worker.py`, prints `[x] Done` | `swift run worker work` | [s](../Sources/worker/Work.swift) |
            """
        let shown = SeedFacts.shown(on: Page(path: "Tutorials/seeds.md", text: text))
        #expect(SeedFacts.problems(["Notes": ["worker.py", "[x] Done"]], shown) == [])
        #expect(SeedFacts.problems(["Notes": ["worker.py", "[x] Done", "send.py"]], shown).count == 1)
        #expect(SeedFacts.problems(["Notes": ["worker.py", "[x] done"]], shown).count == 2)
        #expect(SeedFacts.problems(["Notes": ["worker.py", "[x] Done"], "More": ["a"]], shown).count == 1)
    }

    @Test func whatIsWrongIsSeen() throws {
        let chapter = Page(
            path: "Tutorials/01-hello/README.md",
            text:
                "```console\n$ swift run hello send\n [x] Sent 'Hello World!'\n0 2026-11-28 18:00:00 - Hello sent\n```")
        func problems(_ here: String, _ place: String) throws -> Int {
            let text = "| there | here | where |\n|---|---|---|\n| `a` | \(here) | \(place) |"
            let rows = SeedRow.all(of: Page(path: "Tutorials/seeds.md", text: text))
            return try SeedRow.problems(rows, chapters: [chapter]).count
        }
        let (source, lines) = ("[s](../Sources/hello/Send.swift)", "[p](01-hello/README.md#run-it)")
        #expect(try problems("`swift run hello send`", source) == 0)
        #expect(try problems("`swift run hello sned`", source) == 1)
        #expect(try problems("`channel.publish`, `hello`", source) == 0)
        #expect(try problems("`channel.publsh`", source) == 1)
        #expect(try problems("` [x] Sent 'Hello World!'`", lines) == 0)
        #expect(try problems("`0 2014-04-22 00:10:16 - Hello sent`", lines) == 0)
        #expect(try problems("` [x] Sent 'Hello'`", lines) == 1)
        #expect(try problems("nothing", lines) == 1)
        #expect(try problems("`hello`", "nowhere") == 1)
    }
}

/// A row of a table with the columns `there`, `here` and `where`.
struct SeedRow {
    let page: Page
    let line: Int
    /// What stands in code style in the second column: commands, lines, names.
    let here: [String]
    /// What the third column links to, from the top of the repository.
    let place: String?

    static func all(of page: Page) -> [SeedRow] {
        var isInside = false
        var rows: [SeedRow] = []
        for (line, text) in page.prose {
            guard text.hasPrefix("|") else {
                isInside = false
                continue
            }
            if text == "| there | here | where |" {
                isInside = true
            } else if isInside, !text.hasPrefix("|---") {
                rows.append(SeedRow(text, line, page))
            }
        }
        return rows
    }

    private init(_ text: String, _ line: Int, _ page: Page) {
        (self.page, self.line) = (page, line)
        let cells = text.components(separatedBy: " | ")
        here = cells.count == 3 ? cells[1].matches(of: /`([^`]+)`/).map { String($0.1) } : []
        place = cells.last?.firstMatch(of: /\]\(([^)#]+)/).map { match in
            match.1.hasPrefix("../") ? String(match.1.dropFirst(3)) : "Tutorials/\(match.1)"
        }
    }

    static func problems(_ rows: [SeedRow], chapters: [Page]) throws -> [String] {
        let shown = chapters.map { chapter in
            let blocks = chapter.blocks.filter { $0.language == "console" && $0.directives["changed"] == nil }
            return (path: chapter.path, lines: Set(blocks.flatMap(\.lines).map(comparable)))
        }
        // A command on a page may go on: `| tail -n 2`.
        let commands = shown.flatMap(\.lines).filter { $0.hasPrefix("$ ") }.map { $0.dropFirst(2) }
        return try rows.flatMap { row -> [String] in
            let label = "\(row.page.path):\(row.line)"
            guard let place = row.place, !row.here.isEmpty else { return ["\(label): no code, or no link"] }
            let source = place.hasSuffix(".swift") ? try Repository.text(place) : nil
            return row.here.compactMap { code in
                if code.hasPrefix("swift run ") || code.hasPrefix("Scripts/") {
                    let isRun = commands.contains { $0 == comparable(code) || $0.hasPrefix(comparable(code) + " |") }
                    return isRun ? nil : "\(label): no chapter runs '\(code)'"
                }
                if let source {
                    return has(source, code) ? nil : "\(label): \(place) does not have '\(code)'"
                }
                let lines = shown.first { $0.path == place }?.lines ?? []
                return lines.contains(comparable(code)) ? nil : "\(label): \(place) does not show '\(code)'"
            }
        }
    }

    /// Each word of `Queue.publish` stands in the file.
    private static func has(_ source: String, _ code: String) -> Bool {
        code.components(separatedBy: ".").allSatisfy { word in
            source.ranges(of: word).contains { range in
                func isPart(_ character: Character?) -> Bool { character.map { $0.isLetter || $0.isNumber } ?? false }
                return !isPart(source[..<range.lowerBound].last) && !isPart(source[range.upperBound...].first)
            }
        }
    }

    /// Without the differences that are no matter of the line: widths of columns, times, names that a broker made up.
    private static func comparable(_ line: String) -> String {
        Scene.withoutMadeUpNames([line])[0].split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
