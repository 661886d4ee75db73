import AMQPWire
import Foundation
import Interceptor
import TestSupport
import Testing

@testable import workbook

/// A program of Tests/Subjects, and what the fire finds: a line of gauntlet.tsv. `Scripts/gauntlet-subjects` tries them all, and
/// those in Python.
struct ExpectedHarms: Sendable, CustomTestStringConvertible {
    let chapter: Chapter
    let words: [String]
    let kinds: Set<String>

    var testDescription: String { words.joined(separator: " ") }

    static func all() throws -> [ExpectedHarms] {
        try Repository.text("Tests/Subjects/gauntlet.tsv").split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            try #require(fields.count == 5, "\(line)")
            let chapter = try #require(Chapter.find(fields[0]))
            return ExpectedHarms(
                chapter: chapter,
                words: [chapter.step, fields[1], fields[2]] + fields[3].split(separator: " ").map(String.init),
                kinds: Set(fields[4].split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }))
        }
    }

    /// A row by its step, role and mistake.
    static func named(_ name: String) throws -> ExpectedHarms {
        try #require(all().first { $0.words.prefix(3).joined(separator: " ") == name }, "\(name)")
    }
}

@Suite struct GauntletTests {
    /// A few of the programs, and for each the blows that tell: all of them take minutes.
    @Test(
        .watched,
        arguments: [
            ("worker work automatic", "kill"), ("worker work right", "kill"), ("worker new-task transient", "restart"),
            ("hello receive right/hangs", "cut"), ("confirms publish ignores-nack", "nack"),
            ("rpc call first-reply", "stranger"), ("quorum work right", "poison"),
            ("inbox ship no-inbox", "twice"),
        ]) func programsAreFoundOut(name: String, deed: String) async throws
    {
        let expected = try ExpectedHarms.named(name)
        let report = try await Self.gauntlet(expected, [deed]).run()
        #expect(
            Set(report.found.map(\.harm.kind.rawValue)) == expected.kinds,
            "\(report.found.map(\.harm)), \(report.doubtful) doubtful")
        #expect(report.undisturbed == [] && report.tried > 0, "\(report.undisturbed)")
        let lines = GauntletCommand.lines(report, expected.chapter.promise)
        #expect(lines.allSatisfy { $0.count < 200 } && lines.contains { $0.contains("tried in") }, "\(lines)")
        #expect(
            report.found.isEmpty || lines.contains { $0.contains("XXX") || $0.contains("ended with status") },
            "\(lines)")
    }

    private static func gauntlet(_ expected: ExpectedHarms, _ deeds: Set<String>) -> Gauntlet {
        let path = Repository.products.appending(path: "subject").path
        var gauntlet = Gauntlet(
            subject: .command([path] + expected.words, environment: ["SECONDS_PER_DOT": "0.1"]),
            promise: expected.chapter.promise)
        // What comes is waited for however long it takes, and only what the program is known never to do is not.
        let isMissed = !expected.kinds.isDisjoint(with: ["hangs", "lost"])
        (gauntlet.pace.begin, gauntlet.pace.endless, gauntlet.pace.hopeless) = (.patience, .patience, .patience)
        let short = isMissed ? Duration.milliseconds(500) : .patience
        (gauntlet.pace.back, gauntlet.pace.backWithWords, gauntlet.pace.idle) = (short, short, short)
        (gauntlet.time, gauntlet.deeds, gauntlet.width) = (.patience, deeds, 3)
        return gauntlet
    }

    @Test func theTableIsWhole() throws {
        let all = try ExpectedHarms.all()
        #expect(all.count { !$0.kinds.isEmpty } >= 30 && all.count(where: \.kinds.isEmpty) >= 20)
        let kinds = Set(Harm.Kind.allCases.map(\.rawValue))
        #expect(all.allSatisfy { $0.kinds.isSubset(of: kinds) })
        #expect(Set(all.map(\.chapter.number)) == Set(Chapter.all.map(\.number)))
    }

    @Test func theStepsOwnProgramsAreAmongTheRightOnes() throws {
        let own = try ExpectedHarms.all().filter { $0.words.contains("own") }
        let late = Chapter.all.dropFirst(9)
        #expect(own.allSatisfy(\.kinds.isEmpty) && Set(own.map(\.chapter.number)) == Set(late.map(\.number)))
        for chapter in late {
            let rows = try ExpectedHarms.all().filter { $0.chapter.number == chapter.number }
            #expect(rows.count(where: \.kinds.isEmpty) >= 2 && rows.count { !$0.kinds.isEmpty } >= 3, "\(chapter.step)")
        }
    }

    // MARK: Places

    private static func spot(_ name: String, _ direction: Direction = .toBroker, _ number: Int = 1) -> Spot {
        Spot(connection: 1, direction: direction, name: name, number: number)
    }

    private static func blows(_ role: GauntletRole, _ spots: [Spot], all: Bool = false, confirms: Bool = false)
        -> [Blow]
    {
        BlowPlan(
            spots: spots, role: role, promise: Chapter.worker.promise,
            published: 1, hasConfirms: confirms
        ).blows(
            all: all)
    }

    @Test func whereNothingChangesNothingIsTried() {
        let open = Self.spot("channel.open")
        #expect(Self.blows(.producer, [open]) == [.restartAtEnd])
        #expect(
            Self.blows(.producer, [open], all: true) == [
                .restartAtEnd, .cut(open, .before), .cut(open, .after), .restart(open),
            ])
    }

    @Test func aProducerIsNotKilled() {
        let ack = Self.spot("basic.ack")
        #expect(!Self.blows(.producer, [ack], all: true).contains { $0.deed == "kill" })
        #expect(Self.blows(.consumer, [ack]).contains(.kill(ack, .after)))
    }

    @Test func whatAChapterPromisesIsTried() {
        func blows(_ chapter: Chapter, _ role: GauntletRole, _ spot: Spot, hasWork: Bool = true) -> [Blow] {
            let promise = chapter.promise
            let plan = BlowPlan(
                spots: [spot], role: role, promise: promise, published: 1, hasConfirms: false, hasWork: hasWork)
            return plan.blows(all: false)
        }
        let (deliver, publish) = (Self.spot("basic.deliver", .toClient), Self.spot("basic.publish"))
        #expect(blows(.quorum, .consumer, deliver).contains(.poison))
        #expect(blows(.quorum, .consumer, deliver).contains(.crash(deliver)))
        #expect(blows(.order, .consumer, deliver).contains(.another))
        #expect(blows(.inbox, .consumer, deliver).contains(.kill(deliver, .amid)))
        #expect(!blows(.inbox, .consumer, deliver, hasWork: false).contains(.kill(deliver, .amid)))
        #expect(blows(.inbox, .producer, publish).contains(.kill(publish, .before)), "it has an outbox")
        #expect(!blows(.worker, .consumer, deliver).contains { [.poison, .another].contains($0) })
    }

    @Test func whoHasConfirmsIsRefused() {
        let publish = Self.spot("basic.publish")
        let blows = Self.blows(.producer, [publish], confirms: true)
        #expect(blows.contains(.refuse(1)) && blows.contains(.giveBack(1)) && blows.contains(.block(publish)))
        #expect(!Self.blows(.producer, [publish]).contains(.refuse(1)))
    }

    /// An exchange that chooses among its queues would give the message to another.
    @Test func aMessageReachesTheProgram() throws {
        for (type, target) in [
            ("fanout", Counterpart.Target(exchange: "x", key: "1")), ("x-consistent-hash", .init(key: "q")),
            ("x-local-random", .init(key: "q")), ("x-modulus-hash", .init(key: "q")),
        ] as [(ShortString, Counterpart.Target)] {
            var made = MadeUpLog()
            made.declares(exchange: "x", type)
            made.declares("q")
            made.binds("q", to: "x", "1")
            made.consumes("q")
            let consumption = try #require(made.log.consumptions.last)
            #expect(Counterpart.Target(reaching: consumption, in: made.log) == target, "\(type)")
        }
    }

    // MARK: Pictures

    @Test func theDrawingIsXML() throws {
        var outcome = Bout.Outcome(history: History(), spots: [], seen: [], log: WireLog())
        outcome.history.blow = .cut(Self.spot("basic.ack"), .before)
        outcome.history.struckAt = 12
        outcome.history.lives = [History.Life(status: 1, endedAt: 20)]
        let picture = SequencePicture(outcome, about: nil)
        let text = SequenceSVG.text([(title: "a < b & \"c\"", picture: picture)])
        #expect(text.contains("a &lt; b &amp; &quot;c&quot;") && text.contains("ended with status 1"))
        #expect(text.hasPrefix("<svg ") && text.hasSuffix("</svg>\n"))
        #expect(text.count { $0 == "<" } == text.count { $0 == ">" })
    }

    @Test func thePictureShowsTheFrameThatMatters() {
        var outcome = Bout.Outcome(history: History(), spots: [], seen: [], log: WireLog())
        outcome.history.blow = .kill(Self.spot("basic.ack"), .after)
        outcome.history.struckAt = 12
        outcome.history.lives = []
        outcome.seen = [
            Observation(
                time: 10, connection: 1, channel: 1, direction: .toClient,
                what: .method(
                    .basicDeliver(
                        .init(consumerTag: "t", deliveryTag: 1, redelivered: false, exchange: "", routingKey: "q")),
                    Content(properties: .init(), body: Array("Task 1.".utf8)))),
            Observation(
                time: 12, connection: 1, channel: 1, direction: .toBroker,
                what: .method(.basicAck(.init(deliveryTag: 1)), nil)),
        ]
        let dashes = { String(repeating: "-", count: $0) }
        #expect(
            SequencePicture(outcome, about: nil).lines == [
                "     ms  program" + String(repeating: " ", count: 38) + "broker",
                "     10   |<-- deliver 1 'Task 1.' \(dashes(20))|",
                "     12   |-- ack 1 \(dashes(34))>|",
                "     12  XXX  it was killed after basic.ack, which it sends",
            ])
    }
}
