import Foundation
import Synchronization

/// A Swift file of the repository, as a test of its structure reads it.
public struct SourceFile: Sendable {
    /// From the folder that was asked for: `Routing/Exchange.swift`.
    public let path: String
    /// Without comments and without what stands in quotes.
    public let code: String
    public let lines: [String]

    /// The first folder of the path; empty: there is none.
    public var folder: String { path.contains("/") ? String(path.prefix { $0 != "/" }) : "" }

    /// All words of the code, in order.
    public var tokens: [String] {
        var (tokens, token) = ([String](), [UInt8]())
        for octet in Array(code.utf8) + [.lineFeed] {
            if octet.isInWord {
                token.append(octet)
            } else if !token.isEmpty {
                tokens.append(String(decoding: token, as: UTF8.self))
                token.removeAll(keepingCapacity: true)
            }
        }
        return tokens
    }

    /// Without the names of what is exported in particular: `@_spi(Quirks)` is no type.
    public var words: Set<String> {
        let tokens = tokens
        return Set(tokens.prefix(1) + zip(tokens, tokens.dropFirst()).filter { $0.0 != "_spi" }.map(\.1))
    }

    /// The modules that are imported here.
    public var imports: [String] {
        lines.compactMap { line in
            var rest = line.utf8.drop { $0 == .space }
            while let end = rest.firstIndex(where: { !$0.isInModifier }), rest[end] == .space, end > rest.startIndex {
                let word = Substring(rest[..<end])
                rest = rest[rest.index(after: end)...]
                if word == "import" { return String(Substring(rest.prefix { $0.isInWord })) }
            }
            return nil
        }
    }

    /// The types that are declared here, those inside others left out. What `#if` encloses counts as if it did not.
    public var types: [String] {
        var (types, conditions) = ([String](), 0)
        for line in lines {
            let rest = line.utf8.drop { $0 == .space }
            let indentation = line.utf8.count - rest.count
            if indentation == 4 * conditions, rest.starts(with: "#if".utf8) { conditions += 1 }
            if indentation == 4 * (conditions - 1), rest.starts(with: "#endif".utf8) { conditions -= 1 }
            guard indentation == 4 * conditions, rest.first?.isInModifier == true else { continue }
            let parts = Substring(rest).split(separator: " ").drop { Self.modifiers.contains($0) || $0.hasPrefix("@") }
            guard parts.count > 1, let word = parts.first, Self.kinds.contains(word) else { continue }
            types.append(String(Substring(parts[parts.startIndex + 1].utf8.prefix { $0.isInWord })))
        }
        return types
    }

    /// Those inside others too.
    public var allTypes: [String] {
        let tokens = tokens
        return zip(tokens, tokens.dropFirst()).compactMap { word, name in
            Self.kinds.contains(word[...]) || word == "associatedtype" ? name : nil
        }
    }

    private static let modifiers: Set<Substring> = ["public", "package", "final", "private", "fileprivate", "indirect"]
    private static let kinds: Set<Substring> = ["class", "struct", "enum", "protocol", "actor", "typealias"]

    /// The stored variables of this file's classes that others than the class may set.
    public var openVariablesOfClasses: [String] {
        var (variables, isInClass) = ([String](), false)
        let beginsClass = #/\bclass \w/#
        let isOpen = #/^    (?:public |package |unowned )*var (\w+)\b[^{]*(?:\{ didSet .*)?$/#
        for line in lines where !line.isEmpty {
            if !line.hasPrefix(" "), line != "}" { isInClass = line.contains(beginsClass) }
            guard isInClass, !line.hasPrefix("     "), line.hasPrefix("    "),
                !line.utf8.contains(.openBrace) || line.contains("{ didSet "),
                let match = line.firstMatch(of: isOpen)
            else { continue }
            variables.append(String(match.1))
        }
        return variables
    }

    public var lineCount: Int { lines.count - 1 }

    /// The functions, initializers and computed variables whose bodies have lines of their own: how each begins, where,
    /// and from there to its last line how many it has. Goes by the indentation, which the formatter sees to.
    public var functions: [(declaration: String, line: Int, lineCount: Int)] {
        let lines = lines.map { line in
            let rest = line.utf8.drop { $0 == .space }
            return (rest: Substring(rest), indentation: line.utf8.count - rest.count, first: rest.first)
        }
        return lines.indices.compactMap { start in
            let (declaration, indentation, _) = lines[start]
            guard declaration.utf8.last != UInt8(ascii: "}"), Self.beginsFunction(declaration) else { return nil }
            // All that is further in belongs to it, and the line that ends a signature of several.
            let end = lines[(start + 1)...].firstIndex { line in
                if line.indentation == 0, line.first == nil { return false }
                return line.indentation <= indentation
                    && (line.indentation < indentation || line.first != UInt8(ascii: ")"))
            }
            // Without a body, a protocol's.
            guard let end, lines[end].indentation == indentation, lines[end].first == UInt8(ascii: "}") else {
                return nil
            }
            return (String(declaration), start + 1, end - start + 1)
        }
    }

    /// Whether this is the first line of one, behind its indentation: modifiers, and then the word.
    private static func beginsFunction(_ line: Substring) -> Bool {
        var rest = line.utf8
        while let end = rest.firstIndex(where: { !$0.isInModifier }) {
            // The word up to a parenthesis too: `init(`.
            switch Substring(rest.prefix { $0.isInWord }) {
            case "func": if rest[end] == .space { return true }
            case "init", "deinit", "subscript": return true
            case "var": if rest[end] == .space, line.utf8.last == .openBrace { return true }
            default: break
            }
            guard rest[end] == .space, end > rest.startIndex else { return false }
            rest = rest[rest.index(after: end)...]
        }
        return false
    }

    /// The Swift files below a folder of the repository, `Sources/BrokerCore` say, by path.
    public static func all(below folder: String) throws -> [SourceFile] {
        try read.withLock { read in
            if let files = read[folder] { return files }
            let files = try files(below: folder)
            read[folder] = files
            return files
        }
    }

    /// By folder: several tests look at each.
    private static let read = Mutex<[String: [SourceFile]]>([:])

    private static func files(below folder: String) throws -> [SourceFile] {
        let root = repository.appending(path: folder)
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted()
        return try paths.filter { $0.hasSuffix(".swift") }.map { path in
            SourceFile(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
        }
    }

    /// The folder that holds `Package.swift`.
    public static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    init(path: String, text: String) {
        self.path = path
        var stripping = Stripping(Array(text.utf8))
        let octets = stripping.code()
        code = String(decoding: octets, as: UTF8.self)
        lines = octets.split(separator: .lineFeed, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

/// Takes comments and what stands in quotes out of a text. By hand: with three regular expressions the tests spent
/// seconds on reading.
private struct Stripping {
    private let text: [UInt8]
    private var at = 0
    private var kept: [UInt8] = []

    init(_ text: [UInt8]) { self.text = text }

    mutating func code() -> [UInt8] {
        let (quote, slash) = (UInt8(ascii: "\""), UInt8(ascii: "/"))
        kept.reserveCapacity(text.count)
        while at < text.count {
            let octet = text[at]
            if octet == quote, follows([quote, quote]) {
                leaveOutLines()
            } else if octet == quote, let end = endOfString() {
                kept += [quote, quote]
                at = end
            } else if octet == slash, follows([slash]) {
                while at < text.count, text[at] != .lineFeed { at += 1 }
            } else {
                kept.append(octet)
                at += 1
            }
        }
        return kept
    }

    private func follows(_ octets: [UInt8]) -> Bool { text[(at + 1)...].starts(with: octets) }

    /// Behind the quote that ends the string which begins here; nil: none does in this line.
    private func endOfString() -> Int? {
        var end = at + 1
        while end < text.count, text[end] != .lineFeed {
            if text[end] == UInt8(ascii: "\"") { return end + 1 }
            end += text[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// Of a string of several lines, white space stays, so that lines keep their numbers and their indentation.
    private mutating func leaveOutLines() {
        let quotes = Array(repeating: UInt8(ascii: "\""), count: 3)
        kept += quotes.dropLast()
        at += 3
        while at < text.count, text[at] != quotes[0] || !text[at...].starts(with: quotes) {
            if text[at] == .space || text[at] == .lineFeed { kept.append(text[at]) }
            at += 1
        }
        at = min(at + 3, text.count)
    }
}

extension UInt8 {
    static let lineFeed = UInt8(ascii: "\n")
    static let space = UInt8(ascii: " ")
    static let openBrace = UInt8(ascii: "{")

    /// Part of a name. What is not ASCII is a letter.
    var isInWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    /// Part of what may stand before a declaration's word: `@testable`, `private(set)`.
    var isInModifier: Bool {
        isInWord || self == UInt8(ascii: "@") || self == UInt8(ascii: "(") || self == UInt8(ascii: ")")
    }
}

extension [SourceFile] {
    /// Which file names a type that another declares: the names, by both paths.
    public func uses() -> [String: [String: Set<String>]] {
        var homes: [String: String] = [:]
        for file in self { for type in file.types { homes[type] = file.path } }
        var uses: [String: [String: Set<String>]] = [:]
        for file in self {
            uses[file.path] = [:]
            for word in file.words {
                guard let home = homes[word], home != file.path else { continue }
                uses[file.path]?[home, default: []].insert(word)
            }
        }
        return uses
    }

    /// The groups of files that name each other in a circle, the largest first (Tarjan's strongly connected components).
    public func circles() -> [[String]] {
        let edges = uses().mapValues { $0.keys.sorted() }
        var search = CircleSearch(edges: edges)
        for file in self where search.index[file.path] == nil { search.visit(file.path) }
        return search.found.sorted { $0.count > $1.count }
    }
}

private struct CircleSearch {
    let edges: [String: [String]]
    var index: [String: Int] = [:]
    private var lowest: [String: Int] = [:]
    private var stack: [String] = []
    private(set) var found: [[String]] = []

    init(edges: [String: [String]]) { self.edges = edges }

    mutating func visit(_ file: String) {
        let own = index.count
        (index[file], lowest[file]) = (own, own)
        stack.append(file)
        for next in edges[file] ?? [] {
            if index[next] == nil {
                visit(next)
                lowest[file] = min(lowest[file] ?? own, lowest[next] ?? own)
            } else if stack.contains(next) {
                lowest[file] = min(lowest[file] ?? own, index[next] ?? own)
            }
        }
        guard lowest[file] == own, let start = stack.firstIndex(of: file) else { return }
        let circle = stack[start...].sorted()
        stack.removeSubrange(start...)
        if circle.count > 1 { found.append(circle) }
    }
}
