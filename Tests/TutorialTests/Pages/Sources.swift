import Foundation

/// What a block that shows code must look like, by the file it shows.
enum Shown {
    /// A whole file, or with `#name` a top-level function of it with the comment above.
    static func code(_ reference: String) throws -> [String] {
        let parts = reference.components(separatedBy: "#")
        var lines = try Repository.text(parts[0]).components(separatedBy: "\n")
        while lines.last == "" { lines.removeLast() }
        guard parts.count == 2 else { return lines }
        guard let start = lines.firstIndex(where: { $0.contains("func \(parts[1])(") && !$0.hasPrefix(" ") }),
            let end = lines[start...].firstIndex(of: "}")
        else { throw Missing(what: "func \(parts[1]) in \(parts[0])") }
        let comment = lines[..<start].reversed().prefix { $0.hasPrefix("///") }.count
        return Array(lines[(start - comment)...end])
    }

    struct Missing: Error, CustomStringConvertible {
        let what: String
        var description: String { "There is no \(what)." }
    }

    /// Whether the lines that a change takes out or leaves stand in the file, one after the other.
    static func fits(_ change: [String], _ path: String) throws -> Bool {
        let before = change.filter { $0.hasPrefix("-") || $0.hasPrefix(" ") }.map { String($0.dropFirst()) }
        let lines = try Repository.text(path).components(separatedBy: "\n")
        guard !before.isEmpty, lines.count >= before.count else { return false }
        return (0...(lines.count - before.count)).contains { Array(lines[$0..<($0 + before.count)]) == before }
    }
}

/// What is wrong with a page's blocks of code, its links, its rules, its words.
enum Review {
    static func code(of page: Page) throws -> [String] {
        var problems: [String] = []
        for block in page.blocks {
            let place = "\(page.path):\(block.line)"
            switch block.language {
            case "swift", "python":
                guard let reference = block.directives["code"] else {
                    problems.append("\(place): code that is not taken from a file: put <!-- code: PATH --> above it")
                    continue
                }
                if try Shown.code(reference) != block.lines {
                    problems.append(
                        "\(place): differs from \(reference); UPDATE_PAGES=1 swift test --filter Page puts it right")
                }
            case "diff":
                guard let path = block.directives["change"] else {
                    problems.append("\(place): a change of no file: put <!-- change: PATH --> above it")
                    continue
                }
                if try !Shown.fits(block.lines, path) { problems.append("\(place): does not fit \(path)") }
            case "console", "text", "mermaid", "sh": break
            default: problems.append("\(place): nothing checks a block of '\(block.language)'")
            }
        }
        return problems
    }

    /// Dead links: files that are not there, and anchors.
    static func links(of page: Page) -> [String] {
        var problems: [String] = []
        for (line, text) in page.prose {
            for match in text.matches(of: /\]\(([^)\s]+)\)/) {
                let target = String(match.1)
                if target.hasPrefix("http") { continue }
                let parts = target.components(separatedBy: "#")
                let folder = page.path.components(separatedBy: "/").dropLast().joined(separator: "/")
                let path = parts[0].isEmpty ? page.path : normalized(folder + "/" + parts[0])
                guard let path, Repository.exists(path) else {
                    problems.append("\(page.path):\(line): dead link \(target)")
                    continue
                }
                guard parts.count == 2 else { continue }
                let headings = (try? Page(path: path))?.headings ?? []
                if !headings.map(anchor).contains(parts[1]) {
                    problems.append("\(page.path):\(line): no heading for \(target)")
                }
            }
        }
        return problems
    }

    /// As GitHub makes them.
    static func anchor(_ heading: String) -> String {
        String(heading.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" })
            .replacing(" ", with: "-")
    }

    private static func normalized(_ path: String) -> String? {
        var result: [String] = []
        for part in path.components(separatedBy: "/") where !part.isEmpty && part != "." {
            if part == ".." {
                if result.isEmpty { return nil }
                result.removeLast()
            } else {
                result.append(part)
            }
        }
        return result.joined(separator: "/")
    }

    /// Names in code style that look like rules, such as `basic.ack.multiple/exists`, and are none.
    static func rules(of page: Page, catalogue: Set<String>) -> [String] {
        page.prose.flatMap { line, text in
            names(in: text).filter { !catalogue.contains($0) }.map { "\(page.path):\(line): there is no rule \($0)" }
        }
    }

    /// What looks like the name of a rule.
    static func names(in text: String) -> [String] {
        text.matches(of: /`([a-z][a-z0-9.-]*(?:\/[a-z0-9_.-]+)+)`/).map { String($0.1) }
    }

    /// Commands in the prose that do not exist.
    static func commands(of page: Page, subcommands: Set<String>) -> [String] {
        page.prose.flatMap { line, text in
            text.matches(of: /swift run ([a-z]+)(?: ([a-z-]+))?/).compactMap { match -> String? in
                let program = String(match.1)
                let path = Repository.products.appending(path: program).path
                if !FileManager.default.isExecutableFile(atPath: path) {
                    return "\(page.path):\(line): there is no program \(program)"
                }
                if program == "workbook", let command = match.2.map(String.init), !subcommands.contains(command) {
                    return "\(page.path):\(line): there is no workbook \(command)"
                }
                return nil
            }
        }
    }

    /// What each rule says, by its name.
    static func catalogue() throws -> [String: String] {
        let table = try Repository.text("Sources/ConformanceSuite/Catalogue/rules.tsv")
        let lines = table.split(separator: "\n").map { $0.components(separatedBy: "\t") }
        let meaning = lines.first?.firstIndex(of: "meaning") ?? 0
        return Dictionary(lines.dropFirst().map { ($0[0], $0[meaning]) }) { first, _ in first }
    }

    /// Terms that are used before they are explained, explained twice or never, or in bold without being listed.
    static func terms(of chapters: [Page]) -> [String] {
        var problems: [String] = []
        let plain = chapters.map { PlainProse(of: $0) }
        for (number, chapter) in chapters.enumerated() {
            let bold = chapter.prose.flatMap { line, text in
                text.matches(of: /\*\*([^*]+)\*\*/).map { (line: line, term: String($0.1).lowercased()) }
            }.filter { $0.term.wholeMatch(of: /[0-9.]+|[a-z]\)/) == nil }
            for use in bold where !chapter.terms.contains(use.term) {
                problems.append("\(chapter.path):\(use.line): '\(use.term)' is bold, but not listed in 'terms'")
            }
            for term in chapter.terms {
                let places = bold.filter { $0.term == term }
                if places.count != 1 {
                    problems.append(
                        "\(chapter.path): '\(term)' should be bold once, where it is explained, not \(places.count) times"
                    )
                }
                for (earlier, plain) in zip(chapters[..<number], plain) {
                    for line in plain.uses(of: term) {
                        problems.append("\(earlier.path):\(line): '\(term)' is explained only in \(chapter.path)")
                    }
                }
                // The question may have words that only the picture explains.
                let uses = plain[number].uses(of: term).filter { $0 > chapter.line(of: "The picture") }
                if let place = places.first, let line = uses.first, line < place.line {
                    problems.append("\(chapter.path):\(line): '\(term)' is explained only in line \(place.line)")
                }
            }
        }
        return problems
    }

    /// Every exercise has three hints, and every hint an exercise.
    static func hints(of chapter: Page, hints: Page) -> [String] {
        let exercises = chapter.prose.flatMap { $0.text.matches(of: /\*\*([0-9]+\.[0-9]+)\*\*/).map { String($0.1) } }
        let hinted = hints.parts.compactMap { if case .heading(2, let text, _) = $0 { text } else { nil } }
        var problems: [String] = []
        if exercises.isEmpty || exercises != hinted {
            problems.append("\(hints.path): hints for \(hinted), exercises are \(exercises)")
        }
        let levels = hints.prose.compactMap { $0.text.firstMatch(of: #/^([0-9])\. /#).map { String($0.1) } }
        if levels != hinted.flatMap({ _ in ["1", "2", "3"] }) {
            problems.append("\(hints.path): not three hints, numbered 1, 2, 3, for each exercise")
        }
        return problems
    }
}

/// A page's prose without code and without where its links lead, in small letters.
struct PlainProse {
    private let lines: [(line: Int, text: String)]

    init(of page: Page) {
        let (code, target) = (/`[^`]*`/, /\]\([^)]*\)/)
        lines = page.prose.map { line, text in
            (line, text.replacing(code, with: "").replacing(target, with: "]").lowercased())
        }
    }

    /// The lines that have the term.
    func uses(of term: String) -> [Int] {
        let pattern = "(?<![a-z-])\(NSRegularExpression.escapedPattern(for: term))(?:s|es)?(?![a-z-])"
        return lines.filter { _, text in
            text.contains(term) && text.range(of: pattern, options: .regularExpression) != nil
        }.map(\.line)
    }
}
