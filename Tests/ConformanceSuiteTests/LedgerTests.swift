import Foundation
import Testing

@testable import ConformanceSuite

/// The suite watches itself: what it claims to prove, and what it leaves out.
@Suite("Ledger of rules and cases") struct LedgerTests {
    @Test("Every case has a rule that there is, and an id of its own; every rule without a case has a reason")
    func isInOrder() throws {
        let complaints = try Ledger.current.get().complaints(about: try Catalogue.current.get())
        #expect(complaints.isEmpty, "\n\(complaints.joined(separator: "\n"))")
    }

    @Test("Every observable rule has a case")
    func isComplete() throws {
        let unproven = try Ledger.current.get().unproven(of: try Catalogue.current.get())
        #expect(unproven.map(\.id) == [], "\n\(unproven.map { "\($0.id): \($0.meaning)" }.joined(separator: "\n"))")
    }

    @Test("CONFORMANCE_ONLY selects at least one case", .enabled(if: Environment.current.only != nil))
    func selectsSomething() throws {
        let only = Environment.current.only ?? ""
        #expect(try Ledger.current.get().entries.contains { $0.id.hasPrefix(only) }, "no case's id begins with \(only)")
    }

    @Test("Every line of a baseline is about a case there is")
    func baselinesNameCases() throws {
        let ids = Set(try Ledger.current.get().entries.map(\.id))
        for file in try FileManager.default.contentsOfDirectory(at: Baseline.folder, includingPropertiesForKeys: nil) {
            let entries = try Baseline(String(contentsOf: file, encoding: .utf8)).entries
            let unknown = entries.keys.filter { !ids.contains($0) }.sorted()
            #expect(unknown.isEmpty, "\(file.lastPathComponent) has lines about cases that don't exist")
        }
    }

    @Test("Every area of cases is taught in one chapter, and every area that a chapter claims has cases")
    func areasHaveChapters() throws {
        #expect(Teaching.current.complaints(about: try Ledger.current.get().entries.map(\.id)) == [])
    }

    @Test("An area that no page claims, that two do, or that no case has is told")
    func areasOutOfOrder() {
        let teaching = Teaching([("b.md", "\ncases: hello, tables\n"), ("a.md", "\ncases: tables, topics\n")])
        #expect(
            teaching.complaints(about: ["hello.a", "tables.b", "topic.c"]) == [
                "a.md: no case's id begins with topics",
                "no page of Tutorials has topic in the line 'cases' at its head",
                "tables is claimed by a.md and b.md",
            ])
        #expect(teaching.page(for: "tables.b") == "a.md" && teaching.place(for: "topic.c") == "Tutorials")
    }

    @Test(
        "The catalogue refuses what a column does not take",
        arguments: [
            ("id", "Basic/01"), ("id", "basic"), ("on-failure", "not found"), ("on-failure", "reply-success"),
            ("binds", "broker"), ("level", "must"), ("observable", "maybe"), ("meaning", ""),
        ])
    func strangeValues(column: String, value: String) throws {
        let names = ["id", "on-failure", "binds", "level", "observable", "meaning", "rabbitmq", "no-case"]
        var row = ["basic/01", "not-found", "both", "MUST", "yes", "A sentence.", "", ""]
        func catalogue() throws -> Catalogue {
            try Catalogue([names, row].map { $0.joined(separator: "\t") }.joined(separator: "\n"))
        }
        #expect(try catalogue()["basic/01"]?.meaning == "A sentence.")
        row[try #require(names.firstIndex(of: column))] = value
        let error = #expect(throws: Catalogue.Malformed.self) { try catalogue() }
        #expect(error?.description.hasPrefix("rules.tsv, line 2: \(column) is '\(value)'; it takes ") == true)
    }

    @Test("The catalogue refuses a column too many, and a head with other names")
    func strangeColumns() throws {
        let head = "id\ton-failure\tbinds\tlevel\tobservable\tmeaning\trabbitmq\tno-case"
        #expect(throws: Catalogue.Malformed.self) { try Catalogue(head.replacing("binds", with: "who")) }
        #expect(throws: Catalogue.Malformed.self) { try Catalogue(head + "\na/b\t\tboth\tMUST\tyes\tIt is.\t\t\t") }
        #expect(try Catalogue(head).rules.isEmpty)
    }

    @Test("README lists the variables that the suite reads, and no others")
    func variables() throws {
        let source = try String(contentsOf: Files.suite.appending(path: "Suite/Environment.swift"), encoding: .utf8)
        let readme = try String(contentsOf: Files.suite.appending(path: "README.md"), encoding: .utf8)
        let read = Set(source.matches(of: /self\["([A-Z_]+)"\]/).map { String($0.output.1) })
        let listed = readme.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { row in
            (row.dropFirst(2).split(separator: "|").first ?? "").matches(of: /`([A-Z_]{6,})[=`]/).map {
                String($0.output.1)
            }
        }
        #expect(Set(listed) == read)
    }

    @Test("The ledger notices what is missing")
    func complains() throws {
        let catalogue = try Catalogue(
            """
            id\ton-failure\tbinds\tlevel\tobservable\tmeaning\trabbitmq\tno-case
            a/seen\t\tserver\tMUST\tyes\tSeen.\t\t
            a/unseen\t\tserver\tMUST\tyes\tUnseen.\t\t
            a/excused\t\tserver\tMAY\tno\tExcused.\t\tNobody can see it.
            a/unexcused\t\tserver\tMAY\tno\tUnexcused.\t\t
            """)
        let source = #"""
            @Test("one", .proves("x.one", ["a/seen"], needs: [.restart])) func one() {}
            @Test("two", .proves("x.one", ["a/seen", "a/unknown"])) func two() {}
            @Test("three", .proves(
                "x.Three", [])) func three() {}
            """#
        let ledger = Ledger(entries: Ledger.entries(of: source, in: "X.swift"))
        let complaints = ledger.complaints(about: catalogue)
        #expect(
            complaints == [
                "X.swift:2: the case id x.one is also at X.swift:1", "X.swift:2: no rule is called a/unknown",
                "X.swift:3: a case id is area.words-with-hyphens, not x.Three", "X.swift:3: x.Three names no rule",
                "rules.tsv: a/unexcused is not observable, and nothing says why",
            ])
        #expect(ledger.unproven(of: catalogue).map(\.id) == ["a/unseen"])
    }
}
