import Foundation
import TestSupport
import Testing

/// The module table of Sources/README.md, against what the sources import.
@Suite("Modules", .ownThread) struct ModuleTests {
    /// Every module of Sources, and what it imports.
    private static let imports = Result {
        var imports: [String: Set<String>] = [:]
        for file in try SourceFile.all(below: "Sources") {
            let module = String(file.path.prefix { $0 != "/" })
            imports[module, default: []].formUnion(file.imports)
        }
        return imports
    }

    /// The rows of the table: a module, and the modules that its second column names.
    private static func table() throws -> [String: Set<String>] {
        let readme = try String(contentsOf: SourceFile.repository.appending(path: "Sources/README.md"), encoding: .utf8)
        let rows = readme.split(separator: "\n").drop { !$0.hasPrefix("| module |") }.dropFirst(2).prefix {
            $0.hasPrefix("|")
        }
        var table: [String: Set<String>] = [:]
        for row in rows {
            let columns = row.split(separator: "|").map { column in
                column.matches(of: /`(\w+)`/).map { String($0.1) }
            }
            for module in columns[0] { table[module] = Set(columns[1]) }
        }
        return table
    }

    @Test("The table names every module, and what each imports of the others")
    func table() throws {
        let imports = try Self.imports.get()
        let modules = Set(imports.keys).union(["CEpoll"])
        let table = try Self.table()
        #expect(modules.symmetricDifference(table.keys) == [], "in the sources or the table, and not in both")
        for (module, found) in imports {
            #expect(table[module] == found.intersection(modules), "\(module)'s second column, against what it imports")
        }
    }

    @Test("Imports point one way; client and broker never meet below what is built on both")
    func directions() throws {
        let imports = try Self.imports.get()
        for module in imports.keys {
            #expect(!Self.below(module, imports).contains(module), "\(module) imports itself by way of others")
        }
        #expect(Self.below("AMQPClient", imports).isDisjoint(with: ["BrokerCore", "BrokerServer", "broker"]))
        #expect(Self.below("broker", imports).isDisjoint(with: ["AMQPClient", "TutorialKit"]))
    }

    /// All that a module imports, and what that imports in turn.
    private static func below(_ module: String, _ imports: [String: Set<String>]) -> Set<String> {
        var found: Set<String> = []
        var open = imports[module] ?? []
        while let next = open.popFirst() {
            if found.insert(next).inserted { open.formUnion(imports[next] ?? []) }
        }
        return found
    }
}
