import Foundation
import TestSupport
import Testing

/// The broker's walls: Sources/README.md says why they stand where they do.
@Suite("The broker's layers", .ownThread)
struct LayerTests {
    /// Each knows those before it. Store stands beside them: it knows Base, and Core alone knows it.
    private static let layers = ["Base", "Routing", "Queues", "Session", "Core"]
    private static let files = Result { try SourceFile.all(below: "Sources/BrokerCore") }

    private static func mayUse(_ lower: String, _ higher: String) -> Bool {
        if lower == higher || higher == "Base" { return true }
        if lower == "Store" { return false }
        if higher == "Store" { return lower == "Core" }
        guard let user = layers.firstIndex(of: lower), let used = layers.firstIndex(of: higher) else { return false }
        return used < user
    }

    @Test("No layer names a type of a higher one")
    func layers() throws {
        let files = try Self.files.get()
        #expect(Set(files.map(\.folder)) == Set(Self.layers + ["Store"]), "every file is in a layer")
        var count = 0
        for (file, uses) in files.uses() {
            for (home, types) in uses {
                let (user, used) = (folder(file), folder(home))
                count += 1
                #expect(Self.mayUse(user, used), "\(file) names \(types.sorted()) of \(home)")
            }
        }
        #expect(count > 100, "so many uses were looked at")
    }

    /// A type of a lower layer may be extended in a higher one, and then there are names that it is not to know.
    @Test("No layer names what only an extension in a higher one declares")
    func extensions() throws {
        let files = try Self.files.get()
        var homes: [String: Set<String>] = [:]
        for file in files { for name in file.declaredNames { homes[name, default: []].insert(file.folder) } }
        // What else may be meant: something of the modules below, or of Swift's own, such as `load` of atomics.
        let elsewhere = try ["AMQPWire", "DataStructures"].flatMap { try SourceFile.all(below: "Sources/\($0)") }
            .reduce(into: ["load"] as Set) { $0.formUnion($1.declaredNames) }
        let members = Set(files.flatMap(\.extensionMembers)).subtracting(elsewhere)
        var count = 0
        for file in files {
            for name in file.words.intersection(members) {
                guard let layers = homes[name], !layers.contains(file.folder) else { continue }
                count += 1
                #expect(
                    layers.contains { Self.mayUse(file.folder, $0) },
                    "\(file.path) names '\(name)', which is declared in \(layers.sorted())")
            }
        }
        #expect(count > 50, "so many uses were looked at")
    }

    @Test("No circle of files that name each other is larger than 6")
    func circles() throws {
        for circle in try Self.files.get().circles() {
            #expect(circle.count <= 6, "these name each other: \(circle.joined(separator: ", "))")
        }
    }

    @Test("What changes in an object is changed by its own layer alone")
    func mutableState() throws {
        let files = try Self.files.get()
        var open: Set<String> = []
        for file in files {
            for variable in file.openVariablesOfClasses {
                // A session's two great objects are in several files of their layer. Elsewhere the compiler watches.
                #expect(["Session", "Core"].contains(file.folder), "\(file.path) lets everybody change '\(variable)'")
                if file.folder == "Session" { open.insert(variable) }
            }
        }
        #expect(open.contains("confirms"), "the channel's are among them")
        let changes = #/\w+\??\.(\w+) (?:=|\+=|-=) /#
        for file in files where file.folder == "Core" {
            for line in file.lines where line.contains("= ") && line.contains(".") {
                for match in line.matches(of: changes) {
                    #expect(!open.contains(String(match.1)), "\(file.path) has '\(match.0)'")
                }
            }
        }
    }

    /// A default would answer for a router that leaves something to chance, and nothing would fail.
    @Test("Every router says itself whether a channel may remember where it sent a message")
    func noDefault() throws {
        let file = try #require(Self.files.get().first { $0.path == "Routing/Router.swift" })
        #expect(file.code.ranges(of: "routesByKeyAlone").count == 1)
    }

    /// A seed decides what a simulation does, so there is one generator, that of the configuration.
    @Test("The core makes no generator of chance, and imports nothing that has one")
    func chance() throws {
        // Each of these takes a generator too: `using:`.
        let generates = #/\.(?:random|randomElement|shuffle|shuffled)\((?!.*using:)/#
        for file in try Self.files.get() {
            // Faulty brokers run beside each other, and a suite asks from outside what they came by.
            let locks: Set = file.path == "Base/Quirks/QuirkWatch.swift" ? ["Synchronization"] : []
            #expect(Set(file.imports).subtracting(locks).isSubset(of: ["AMQPWire", "DataStructures"]), "\(file.path)")
            if file.path != "Base/BrokerConfiguration.swift" {
                #expect(!file.words.contains("SystemRandomNumberGenerator"), "\(file.path): take the configuration's")
            }
            let own = file.lines.filter { $0.contains("random") || $0.contains("shuffle") }.flatMap {
                $0.matches(of: generates)
            }
            #expect(own.isEmpty, "\(file.path): \(own.map { String($0.0) })")
        }
    }

    private func folder(_ path: String) -> String { String(path.prefix { $0 != "/" }) }
}
