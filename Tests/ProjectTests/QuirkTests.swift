import Foundation
import TestSupport
import Testing

/// A function that is moved takes its quirks along, and what is said of them is in another file.
@Suite("The broker's quirks", .ownThread) struct QuirkTests {
    @Test("The comment above each quirk begins with the function that asks for it")
    func places() throws {
        let files = try SourceFile.all(below: "Sources/BrokerCore")
        let quirks = try files.filter { $0.path.hasSuffix("Quirk.swift") }.flatMap(Self.quirks)
        #expect(quirks.count > 400, "so many were looked at")
        let names = Set(quirks.map(\.name))
        var surroundings: [String: [Set<Substring>]] = [:]
        for file in files {
            for (number, line) in file.lines.enumerated() {
                for part in line.split(separator: ".", omittingEmptySubsequences: false).dropFirst() {
                    let name = String(part.prefix { $0.isLetter || $0.isNumber })
                    guard names.contains(name) else { continue }
                    surroundings[name, default: []].append(Self.surroundings(of: number, in: file))
                }
            }
        }
        for quirk in quirks {
            let isThere = surroundings[quirk.name]?.contains { $0.isSuperset(of: quirk.place.split(separator: ".")) }
            #expect(isThere == true, "\(quirk.name) is not asked for in \(quirk.place)")
        }
    }

    /// The quirks of a file, each with the first word of its comment: `ClassicQueue.publish`.
    private static func quirks(in file: SourceFile) throws -> [(name: String, place: Substring)] {
        let url = SourceFile.repository.appending(path: "Sources/BrokerCore/\(file.path)")
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        return lines.indices.compactMap { index in
            guard let name = lines[index].firstMatch(of: /^ *case (\w+) = "/)?.1 else { return nil }
            let comment = lines[..<index].reversed().prefix { $0.contains("///") }.last
            return (String(name), comment?.firstMatch(of: /\/\/\/ ([\w.]+)/)?.1 ?? "no comment")
        }
    }

    /// The names of the file and of all declarations that a line stands in, by the indentation, which the formatter sees to.
    private static func surroundings(of number: Int, in file: SourceFile) -> Set<Substring> {
        var names: Set = [file.path.split(separator: "/").last?.dropLast(".swift".count) ?? ""]
        var indentation = Int.max
        for line in file.lines[...number].reversed() {
            let rest = Substring(line.utf8.drop { $0 == UInt8(ascii: " ") })
            guard let first = rest.first, !")}]#".contains(first), line.utf8.count - rest.utf8.count < indentation
            else {
                continue
            }
            indentation = line.utf8.count - rest.utf8.count
            let declares = /\b(?:func|var|let|class|struct|enum|extension|protocol) ([\w.]+)|\b(init|deinit)\b/
            for match in rest.matches(of: declares) {
                names.formUnion((match.1 ?? match.2 ?? "").split(separator: "."))
            }
            if indentation == 0 { break }
        }
        return names
    }
}
