import Foundation
import Synchronization

/// A Swift file of the repository, as a test of its structure reads it.
public struct SourceFile: Sendable {
    /// From the folder that was asked for: `Routing/Exchange.swift`.
    public let path: String
    /// Without comments and without what stands in quotes.
    public let code: String

    /// The first folder of the path; empty: there is none.
    public var folder: String { path.contains("/") ? String(path.prefix { $0 != "/" }) : "" }

    /// All words of the code.
    public var words: Set<Substring> { Set(code.split { !$0.isLetter && !$0.isNumber && $0 != "_" }) }

    /// The types that are declared here, those inside others left out.
    public var types: [String] {
        code.matches(
            of:
                /(?m)^(?:(?:public|package|final|private|fileprivate|indirect) )*(?:class|struct|enum|protocol|actor|typealias) (\w+)/
        ).map { String($0.1) }
    }

    /// The stored variables of this file's classes that others than the class may set.
    public var openVariablesOfClasses: [String] {
        var (variables, isInClass) = ([String](), false)
        for line in code.split(separator: "\n") {
            if !line.hasPrefix(" "), line != "}" { isInClass = line.contains(#/\bclass \w/#) }
            guard isInClass, let match = line.firstMatch(of: #/^    (?:public |package |unowned )*var (\w+)\b[^{]*$/#)
            else { continue }
            variables.append(String(match.1))
        }
        return variables
    }

    public var lineCount: Int { code.count { $0 == "\n" } }

    /// The functions, initializers and computed variables whose bodies have lines of their own: how each begins, where,
    /// and from there to its last line how many it has. Goes by the indentation, which the formatter sees to.
    public var functions: [(declaration: String, line: Int, lineCount: Int)] {
        let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.compactMap { start in
            let declaration = lines[start]
            guard Self.words.contains(where: { declaration.contains($0) }), !declaration.hasSuffix("}"),
                let indentation = declaration.firstMatch(of: Self.beginsFunction)?.1
            else { return nil }
            // All that is further in belongs to it, and the line that ends a signature of several.
            let end = lines[(start + 1)...].firstIndex { line in
                !line.isEmpty && !line.hasPrefix(indentation + " ") && !line.hasPrefix(indentation + ")")
            }
            // Without a body, a protocol's.
            guard let end, lines[end].hasPrefix(indentation + "}") else { return nil }
            return (String(declaration.drop { $0 == " " }), start + 1, end - start + 1)
        }
    }

    private static let words = ["func ", "init", "deinit", "subscript", "var "]
    private static var beginsFunction: Regex<(Substring, Substring)> {
        #/^( *)(?:[@\w()]+ )*(?:func |(?:init|deinit|subscript)\b|var .*\{$)/#
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
        // White space stays, so that lines keep their numbers and their indentation.
        code = text.replacing(/"""[\s\S]*?"""/) { "\"\"" + $0.output.replacing(/\S/, with: "") }.replacing(
            /\/\/.*/, with: ""
        )
        .replacing(/"(?:\\.|[^"\\\n])*"/, with: "\"\"")
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
                guard let home = homes[String(word)], home != file.path else { continue }
                uses[file.path]?[home, default: []].insert(String(word))
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
