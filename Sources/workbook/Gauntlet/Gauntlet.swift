import AMQPClient
import Foundation

/// Runs a program again and again, each time with one thing that goes wrong, and keeps what is wrong three times out of three.
struct Gauntlet: Sendable {
    /// Something that the program does wrong, with the shortest run that shows it.
    struct Found: Sendable {
        var harm: Harm
        var blow: Blow
        var outcome: Bout.Outcome
        /// At so many other places it was seen once.
        var elsewhere = 0
    }

    struct Report: Sendable {
        var role: GauntletRole
        /// Frames of the undisturbed run, and connections.
        var frames = 0
        var connections = 0
        var tried = 0
        /// Of these; a run may never come to its place.
        var possible = 0
        var unreached = 0
        var found: [Found] = []
        /// Wrong without any fire.
        var undisturbed: [Harm] = []
        /// Seen, and not three times out of three.
        var doubtful = 0
        var seconds = 0
    }

    let subject: Subject
    var promise: Promise
    var pace = GauntletPace()
    var isWhole = false
    /// For the places; what was found is tried again after it.
    var time = Duration.seconds(30)
    /// At a time: a run mostly waits.
    var width = 4
    /// By their words; nil: all that may go wrong.
    var deeds: Set<String>?
    /// A broker that is there already; nil: one of its own. There a run follows the other, and nobody restarts it.
    var elsewhere: ConnectionConfiguration?

    func run(_ progress: @Sendable (String) -> Void = { _ in }) async throws -> Report {
        let (role, isParkReader) = try await self.role()
        var gauntlet = self
        // What is parked is a message like any other for the program that reads it.
        if isParkReader { (gauntlet.promise.parksIn, gauntlet.promise.poison) = (nil, nil) }
        if promise.isStream, beginsLate { gauntlet.promise.keepsMessages = false }
        return try await gauntlet.run(as: role, progress)
    }

    /// The words of the command say that the reader of a stream leaves something out.
    private var beginsLate: Bool { subject.words.last?.wholeMatch(of: /next|last|[0-9]+[smhD]?/) != nil }

    private func run(as role: GauntletRole, _ progress: @Sendable (String) -> Void) async throws -> Report {
        let start = ContinuousClock.now
        let calm = try await undisturbed(role)
        if calm.awaitsMore {
            var gauntlet = self
            gauntlet.promise.messages = promise.moreMessages
            return try await gauntlet.run(as: role, progress)
        }
        var report = Report(role: role, frames: calm.spots.count)
        report.connections = Set(calm.spots.map(\.connection)).count
        report.undisturbed = calm.harms
        guard report.undisturbed.isEmpty else { return report }
        var habits = calm.habits
        if promise.isDoneOnce, role == .consumer { habits.effects = try await effects(role, habits) }
        progress("Undisturbed, \(counted(calm.spots.count, "frame")) pass. Now one thing goes wrong in each run ...")
        let plan = BlowPlan(
            spots: calm.spots, role: role, promise: promise, published: calm.habits.expected.count,
            hasConfirms: calm.spots.contains { $0.name == "confirm.select" }, hasWork: calm.habits.workTime > 0)
        let blows = plan.blows(all: isWhole).filter(isTried)
        report.possible = plan.blows(all: true).count
        let suspicions = try await tryAll(blows, role, habits, &report)
        try await confirm(suspicions, role, habits, &report)
        report.seconds = Int((ContinuousClock.now - start).components.seconds)
        return report
    }

    private func isTried(_ blow: Blow) -> Bool {
        if elsewhere != nil, blow.deed == "restart" { return false }
        return deeds.map { $0.contains(blow.deed) } ?? true
    }

    private func bout(_ blow: Blow?, _ role: GauntletRole, _ messages: [String], _ habits: Habits) -> Bout {
        Bout(
            subject: subject, promise: promise, role: role, blow: blow, messages: messages, pace: pace,
            habits: habits, elsewhere: elsewhere)
    }

    // MARK: Before the fire

    /// Which role the program plays, by what it does; and whether it reads what was parked.
    private func role() async throws -> (GauntletRole, isParkReader: Bool) {
        let arena = try Arena(bout(nil, .producer, [], Habits()))
        defer { arena.end() }
        let run = try await arena.start()
        await arena.wait(pace.begin) {
            let log = arena.log
            return !log.published.isEmpty || arena.isReading(1) && !(promise.isAnswered && log.hasOwnQueue)
                || run.hasEnded && log.isAway(1)
        }
        let log = arena.log
        if promise.isAnswered, !log.published.isEmpty || log.hasOwnQueue { return (.client, false) }
        if let first = log.consumptions.first {
            return (promise.isAnswered ? .server : .consumer, first.queue == promise.parksIn)
        }
        if !log.published.isEmpty { return (.producer, false) }
        let command = subject.words.joined(separator: " ")
        let status = run.status().map { "It ended with status \($0)." } ?? "It is still running."
        throw Inspection.CannotJudge(
            description: log.connected.isEmpty
                ? "'\(command)' connected to no broker here. \(status)\(run.printed) Connect it to the address in the "
                    + "environment variable AMQP_URL, which changes each time."
                : "'\(command)' connected, but neither consumed nor published. \(status)\(run.printed) Start it in one "
                    + "of the step's roles.")
    }

    private struct Calm: Sendable {
        var spots: [Spot]
        var habits: Habits
        var harms: [Harm]
        /// It may acknowledge more messages at once than it got.
        var awaitsMore = false
    }

    /// Without any fire, until it is right once. What it does wrong three times out of three it does always.
    private func undisturbed(_ role: GauntletRole) async throws -> Calm {
        var calms: [Calm] = []
        var isUncertain = false
        while calms.count < 3 {
            let outcome = try await bout(nil, role, promise.messages, Habits()).run()
            let calm = self.calm(outcome, role)
            if outcome.history.isUncertain {
                guard !isUncertain else {
                    throw Inspection.CannotJudge(
                        description: "This machine is too busy to tell whose fault it is.")
                }
                isUncertain = true
                continue
            }
            if calm.harms.isEmpty || calm.awaitsMore { return calm }
            calms.append(calm)
        }
        let always = calms[2].harms.filter { harm in calms.allSatisfy { $0.harms.contains { $0.kind == harm.kind } } }
        guard !always.isEmpty else {
            let seen = calms.compactMap(\.harms.first?.seen).joined(separator: " | ")
            throw Inspection.CannotJudge(description: "Even undisturbed, it does something else each time: \(seen)")
        }
        calms[2].harms = always
        return calms[2]
    }

    private func calm(_ outcome: Bout.Outcome, _ role: GauntletRole) -> Calm {
        var (habits, history) = (Habits(outcome.history, promise), outcome.history)
        (habits.longestGap, habits.batch) = (outcome.longestGap, outcome.log.batch(of: 1))
        history.learn(habits)
        let harms = GauntletJudge(history: history, promise: promise, role: role).harms
        let awaitsMore =
            role.reads && harms.map(\.kind) == [.stuck] && promise.messages.count < Promise.mostMessages
            && outcome.log.mayAwaitMore(1)
        return Calm(spots: outcome.spots, habits: habits, harms: harms, awaitsMore: awaitsMore)
    }

    /// It is right without fire now, in the same minute; what that shows of the program's times goes into its habits. Of its
    /// work the shortest time counts: a busy machine makes it longer, and never shorter.
    private func confirmSound(_ role: GauntletRole, _ habits: inout Habits) async throws -> Bool {
        let outcome = try await bout(nil, role, promise.messages, Habits()).run()
        let calm = self.calm(outcome, role)
        guard !outcome.history.isUncertain, calm.harms.isEmpty else { return false }
        habits.workTime = min(habits.workTime, calm.habits.workTime)
        habits.longestGap = max(habits.longestGap, calm.habits.longestGap)
        habits.isAckedBehind = habits.isAckedBehind && calm.habits.isAckedBehind
        return true
    }

    /// The lines that it prints once for a message that comes twice; nil when there are none, or it did not get all.
    private func effects(_ role: GauntletRole, _ habits: Habits) async throws -> Set<String>? {
        let history = try await bout(.twice(1), role, promise.messages, habits).run().history
        guard !history.isUncertain, history.sent.count > promise.messages.count else { return nil }
        let counts = Shapes(history.lines, of: history.sent).counts
        let effects = habits.shapes.filter { counts[$0] == Set(history.sent).count }
        return effects.isEmpty ? nil : effects
    }

    // MARK: The fire

    private struct Suspicion {
        var harm: Harm
        var blow: Blow
        var place: Int
        var outcome: Bout.Outcome
    }

    private func tryAll(_ blows: [Blow], _ role: GauntletRole, _ habits: Habits, _ report: inout Report)
        async throws -> [Suspicion]
    {
        let end = ContinuousClock.now + (isWhole ? .seconds(86_400) : time)
        var suspicions: [Suspicion] = []
        try await withThrowingTaskGroup(of: (Int, Bout.Outcome).self) { group in
            var (next, running) = (0, 0)
            while true {
                while running < (elsewhere == nil ? width : 1), next < blows.count, ContinuousClock.now < end {
                    let place = next
                    let bout = self.bout(blows[place], role, promise.messages, habits)
                    // It is known that it hangs: that need not be waited for again and again.
                    let isHurried = suspicions.count(where: \.harm.kind.isSlow) > 2
                    group.addTask { (place, try await (isHurried ? bout.hurried : bout).run()) }
                    (next, running) = (next + 1, running + 1)
                }
                guard let (place, outcome) = try await group.next() else { break }
                running -= 1
                report.tried += 1
                if outcome.history.struckAt == nil { report.unreached += 1 }
                for harm in judge(outcome, role) {
                    suspicions.append(Suspicion(harm: harm, blow: blows[place], place: place, outcome: outcome))
                }
            }
        }
        return suspicions.sorted { $0.place < $1.place }
    }

    private func judge(_ outcome: Bout.Outcome, _ role: GauntletRole) -> [Harm] {
        GauntletJudge(history: outcome.history, promise: promise, role: role).harms
    }

    /// The same by what is known now.
    private func judge(_ outcome: Bout.Outcome, _ role: GauntletRole, _ habits: Habits) -> [Harm] {
        var outcome = outcome
        (outcome.history.workTime, outcome.history.isAckedBehind) = (habits.workTime, habits.isAckedBehind)
        outcome.history.effects = habits.effects
        return judge(outcome, role)
    }

    /// Of each kind the first that comes again twice, between two runs without fire in which all is well.
    private func confirm(
        _ suspicions: [Suspicion], _ role: GauntletRole, _ habits: Habits, _ report: inout Report
    ) async throws {
        var habits = habits
        guard !suspicions.isEmpty else { return }
        guard try await confirmSound(role, &habits) else { return report.doubtful = suspicions.count }
        for kind in Harm.Kind.allCases {
            let those = suspicions.filter { $0.harm.kind == kind }
            // The frame with the lowest number: the fewest messages go before it.
            let ordered = those.sorted { ($0.blow.spot?.number ?? 0, $0.place) < ($1.blow.spot?.number ?? 0, $1.place) }
            for suspicion in ordered.prefix(6) {
                guard let outcome = try await again(suspicion.blow, kind, promise.messages, 2, role, habits),
                    let harm = judge(outcome, role).first(where: { $0.kind == kind })
                else {
                    report.doubtful += 1
                    continue
                }
                var found = Found(harm: harm, blow: suspicion.blow, outcome: outcome, elsewhere: those.count - 1)
                try await shrink(&found, role, habits)
                guard try await confirmSound(role, &habits),
                    [suspicion.outcome, found.outcome].allSatisfy({
                        judge($0, role, habits).contains { $0.kind == kind }
                    })
                else {
                    report.doubtful += 1
                    continue
                }
                report.found.append(found)
                break
            }
        }
    }

    /// The last of so many runs, if the same came of each.
    private func again(
        _ blow: Blow, _ kind: Harm.Kind, _ messages: [String], _ times: Int, _ role: GauntletRole, _ habits: Habits
    ) async throws -> Bout.Outcome? {
        let plain = self.bout(blow, role, messages, habits)
        // Some wait for long before they try again.
        let bout = kind.isSlow ? plain.patient : plain
        return try await withThrowingTaskGroup(of: Bout.Outcome.self, returning: Bout.Outcome?.self) { group in
            var last: Bout.Outcome?
            var begun = 0
            while begun < (elsewhere == nil ? times : 1) {
                group.addTask { try await bout.run() }
                begun += 1
            }
            while let outcome = try await group.next() {
                if begun < times {
                    group.addTask { try await bout.run() }
                    begun += 1
                }
                guard judge(outcome, role).contains(where: { $0.kind == kind }) else { return nil }
                last = outcome
            }
            return last
        }
    }

    /// The same with one message alone, if it takes no more.
    private func shrink(_ found: inout Found, _ role: GauntletRole, _ habits: Habits) async throws {
        guard role.reads, promise.messages.count > 1 else { return }
        let message = promise.messages.first { $0 == found.harm.body } ?? promise.messages[0]
        switch found.blow {
        case .twice, .late, .backwards, .another: return
        default: if found.harm.kind.isSlow || found.harm.kind == .disordered { return }
        }
        guard let outcome = try await again(found.blow, found.harm.kind, [message], 3, role, habits),
            let harm = judge(outcome, role).first(where: { $0.kind == found.harm.kind })
        else { return }
        (found.outcome, found.harm) = (outcome, harm)
    }
}

extension Harm.Kind {
    /// It shows by nothing that happens for long.
    var isSlow: Bool { self == .hangs || self == .deaf || self == .stuck || self == .skipped }
}
