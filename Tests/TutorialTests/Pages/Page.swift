import Foundation

/// A page of the workbook, taken apart: what its first lines say, its fenced blocks, and the prose between them.
struct Page {
    /// A fenced block, with the comments right above it that say what it is.
    struct Block {
        /// What stands behind the fence: `swift`, `console`, `mermaid`, `diff`, `text`.
        var language: String
        /// From `<!-- terminal: 2, stays -->` comes `["terminal": "2", "stays": ""]`.
        var directives: [String: String]
        /// Without the indentation that the block has in a list.
        var lines: [String]
        /// The number of the fence's line, from 1, as an editor shows it.
        var line: Int
        var indentation: String
    }

    /// What may stand in a page, in its order.
    enum Part {
        case heading(level: Int, text: String, line: Int)
        case prose(String, line: Int)
        case block(Block)
        /// `<!-- fresh broker -->`: what follows starts anew.
        case freshBroker
        /// `<!-- broker killed -->`: it is, and started again at the same place, with the data that it had.
        case brokerKilled
        /// `<!-- window closed: 2 -->`: the reader closes the window of terminal 2.
        case windowClosed(String)
    }

    /// Relative to the repository's top: `Tutorials/01-hello/README.md`.
    let path: String
    let text: String
    private(set) var frontMatter: [String: String] = [:]
    private(set) var parts: [Part] = []

    init(path: String) throws {
        self.init(path: path, text: try String(contentsOf: Repository.root.appending(path: path), encoding: .utf8))
    }

    init(path: String, text: String) {
        self.path = path
        self.text = text
        let lines = text.components(separatedBy: "\n")
        var next = readFrontMatter(lines)
        var directives: [String: String] = [:]
        while next < lines.count {
            let number = next + 1
            let line = lines[next]
            let content = line.drop { $0 == " " }
            let indentation = String(line.prefix(line.count - content.count))
            next += 1
            if content.hasPrefix("<!--"), content.hasSuffix("-->") {
                let inner = content.dropFirst(4).dropLast(3).trimmingCharacters(in: .whitespaces)
                let read = Self.read(inner)
                if inner == "fresh broker" {
                    parts.append(.freshBroker)
                } else if inner == "broker killed" {
                    parts.append(.brokerKilled)
                } else if let terminal = read["window closed"] {
                    parts.append(.windowClosed(terminal))
                } else {
                    directives.merge(read) { $1 }
                }
            } else if content.hasPrefix("```") {
                var block = Block(
                    language: String(content.dropFirst(3)), directives: directives, lines: [], line: number,
                    indentation: indentation)
                while next < lines.count, lines[next].trimmingCharacters(in: .whitespaces) != "```" {
                    let line = lines[next]
                    block.lines.append(line.hasPrefix(indentation) ? String(line.dropFirst(indentation.count)) : line)
                    next += 1
                }
                next += 1
                directives = [:]
                parts.append(.block(block))
            } else if content.hasPrefix("#") {
                let level = content.prefix { $0 == "#" }.count
                let text = content.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)
                parts.append(.heading(level: level, text: text, line: number))
            } else if !content.isEmpty {
                directives = [:]
                parts.append(.prose(line, line: number))
            }
        }
    }

    var blocks: [Block] {
        parts.compactMap { if case .block(let block) = $0 { block } else { nil } }
    }

    var headings: [String] {
        parts.compactMap { if case .heading(_, let text, _) = $0 { text } else { nil } }
    }

    /// 0 when there is no such heading.
    func line(of heading: String) -> Int {
        for case .heading(_, heading, let line) in parts { return line }
        return 0
    }

    /// The prose with the numbers of its lines, headings included.
    var prose: [(line: Int, text: String)] {
        parts.compactMap {
            switch $0 {
            case .prose(let text, let line), .heading(_, let text, let line): (line, text)
            default: nil
            }
        }
    }

    /// The terms that the chapter explains.
    var terms: [String] {
        (frontMatter["terms"] ?? "").components(separatedBy: ", ").filter { !$0.isEmpty }
    }

    private mutating func readFrontMatter(_ lines: [String]) -> Int {
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return 0 }
        for line in lines[1..<end] {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            frontMatter[String(line[..<colon])] = value
        }
        return end + 1
    }

    private static func read(_ comment: String) -> [String: String] {
        var result: [String: String] = [:]
        for part in comment.components(separatedBy: ", ") {
            let pair = part.components(separatedBy: ": ")
            result[pair[0]] = pair.dropFirst().joined(separator: ": ")
        }
        return result
    }
}

/// Where this repository is, and where its programs were built.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of the executables: the one that the test runner itself is in, or the one of `Scripts/break-it`.
    static let products: URL = {
        if let folder = ProcessInfo.processInfo.environment["BREAK_IT_PRODUCTS"] { return URL(filePath: folder) }
        #if os(macOS)
            for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") {
                return bundle.bundleURL.deletingLastPathComponent()
            }
        #endif
        return URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    }()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    /// The chapters in their order, as far as they are there.
    static func chapters() throws -> [Page] { try readChapters.get() }

    /// Once, for all tests.
    private static let readChapters = Result {
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Tutorials").path)
        return try folders.sorted().filter { $0.first?.isNumber == true }.map {
            try Page(path: "Tutorials/\($0)/README.md")
        }
    }

    /// The articles of the libraries' documentation.
    static func articles() throws -> [Page] {
        let catalogues = ["Sources/AMQPClient/AMQPClient.docc", "Sources/BrokerTesting/BrokerTesting.docc"]
        return try catalogues.flatMap { catalogue in
            try FileManager.default.contentsOfDirectory(atPath: root.appending(path: catalogue).path).sorted().map {
                try Page(path: "\(catalogue)/\($0)")
            }
        }
    }

    /// The chapters, their hints, the map, what the steps go back to, the front page, and the articles.
    static func pages() throws -> [Page] { try readPages.get() }

    private static let readPages = Result {
        let chapters = try Self.chapters()
        let hints = try chapters.map { try Page(path: $0.path.replacing("README.md", with: "hints.md")) }
        let others = ["Tutorials/README.md", "Tutorials/seeds.md", "README.md", "Scripts/README.md"]
        return try chapters + hints + others.map { try Page(path: $0) } + articles()
    }
}
