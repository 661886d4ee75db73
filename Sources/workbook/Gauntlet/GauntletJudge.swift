/// Judges a run by what happened in it. Whatever did not show is not held against the program.
struct GauntletJudge {
    let history: History
    let promise: Promise
    let role: GauntletRole

    var harms: [Harm] {
        if history.isUncertain { return [] }
        // The run never came to the place: nothing went wrong.
        if history.blow != nil, history.struckAt == nil { return [] }
        let all =
            switch role {
            case .consumer: consumer
            case .server: unanswered + confused + waits
            case .producer: unkept + pretends + hangs + published
            case .client: (confused.isEmpty ? pretends : confused) + hangs
            }
        return all + ends
    }

    private var consumer: [Harm] {
        // A stream keeps what is read, so there is nothing to lose, but something to leave out.
        if promise.isStream { return away.isEmpty ? skipped : away }
        if history.blow == .poison { return endless.isEmpty ? lost.filter(isFailure) + blocked : endless }
        let done = promise.isDoneOnce ? lost.filter { $0.kind == .unkept } + effects : lost
        return done + disordered + waits
    }

    // MARK: Programs that consume

    var lost: [Harm] {
        guard promise.keepsMessages else { return [] }
        let blow = history.blow
        return distinct(history.sent).compactMap { body in
            if isLeft(body) || handings(of: body).contains(where: isDone) { return nil }
            // It waits in an unfinished hand: that is another fault.
            if handings(of: body).contains(where: isHeld) { return nil }
            if blow?.deed == "restart", handings(of: body).allSatisfy(wasTakenBack) {
                return Harm(kind: .unkept, seen: "'\(body)' was in its queue, and is gone.", body: body)
            }
            guard let last = handings(of: body).last else { return nil }
            return Harm(kind: .lost, seen: "'\(body)': \(story(of: last)), and no queue has it.", body: body)
        }
    }

    private func story(of last: History.Handing) -> String {
        if last.isNoAck { return "sent with no-ack, it counted as done before it arrived" }
        guard let settled = last.settledAt else { return "it was handed out and never settled" }
        let after = settled - last.time
        if isToBeParked(last.body) { return "settled after \(after) ms, before it was in '\(promise.parksIn ?? "")'" }
        return "acknowledged \(after) ms after it came, though the work takes \(history.workTime) ms"
    }

    func handings(of body: String) -> [History.Handing] { history.handings.filter { $0.body == body } }

    /// A queue has it. What is parked may be in another form.
    func isLeft(_ body: String) -> Bool {
        history.isLeft.contains(body)
            || isToBeParked(body) && history.isLeft.contains { RetryJudge.holds($0, body) }
    }

    func isToBeParked(_ body: String) -> Bool { promise.parksIn != nil && body.contains("!") }

    /// The program has had it for as long as the work takes.
    func isDone(_ handing: History.Handing) -> Bool {
        if isToBeParked(handing.body) { return false }
        if handing.isNoAck { return handing.hasArrived }
        guard let settlement = handing.settlement, settlement != .requeued else { return false }
        // A program that acknowledges behind its work has held each message for as long, now or before.
        if history.isAckedBehind { return handings(of: handing.body).contains { held($0) >= history.workTime / 4 } }
        guard let life = history.life(handing.run), let end = life.endedAt else { return true }
        return end - handing.time >= history.workTime / 4
    }

    private func held(_ handing: History.Handing) -> Int64 {
        // A living program goes on with what it has when its connection is cut, until it gets it again.
        let again = handing.isOver ? handings(of: handing.body).first { handing.time < $0.time }?.time : nil
        let end = handing.settledAt ?? history.life(handing.run)?.endedAt ?? again ?? handing.time
        return handing.hasArrived ? end - handing.time : 0
    }

    /// The broker has it again, and has to keep it.
    private func wasTakenBack(_ handing: History.Handing) -> Bool {
        handing.isOver && handing.settlement == nil && !handing.isNoAck
    }

    func isHeld(_ handing: History.Handing) -> Bool {
        guard handing.settlement == nil, !handing.isNoAck, handing.hasArrived, !handing.isOver else { return false }
        return history.life(handing.run)?.isRunning ?? false
    }

    /// It lives, and something waits that it should have done; or it is gone from the broker's sight.
    private var waits: [Harm] { away.isEmpty ? stuck : away }

    private var away: [Harm] {
        guard let life = history.lives.last(where: \.isRunning), history.blow?.isOthers != true else { return [] }
        let loses = history.blow?.loses ?? false
        if loses, life.run == 1, !life.isConnected { return [silent(life)] }
        if loses, life.run == 1, !life.isConsuming {
            return [Harm(kind: .deaf, seen: "It has connected again, but consumes from no queue." + waited)]
        }
        if let echo = history.echo, !history.handings.contains(where: { $0.body == echo && $0.hasArrived }) {
            return [
                Harm(
                    kind: .deaf, seen: "It consumes again, but '\(echo)', sent to it then, did not come." + waited,
                    body: echo)
            ]
        }
        return []
    }

    private var stuck: [Harm] {
        guard promise.keepsMessages, history.lives.contains(where: \.isRunning), history.blow?.isOthers != true else {
            return []
        }
        let undone = distinct(history.sent).filter { body in
            !isToBeParked(body) && !handings(of: body).contains(where: isDone)
                && (isLeft(body) || handings(of: body).contains(where: isHeld))
        }
        // It waits for others, to acknowledge all of them at once.
        if undone.count < history.batch, undone.allSatisfy({ handings(of: $0).contains(where: isHeld) }) { return [] }
        return undone.prefix(1).map { body in
            let isHeld = handings(of: body).contains(where: isHeld)
            return Harm(
                kind: .stuck,
                seen: isHeld
                    ? "'\(body)' was handed to it, and is not settled." + waited
                    : "'\(body)' waits in its queue, and the program takes nothing." + waited, body: body)
        }
    }

    var waited: String { history.waited > 0 ? " The wait was \(history.waited) s." : "" }

    private func silent(_ life: History.Life) -> Harm {
        let words = life.words.last.map { " The last thing it said: \($0)" } ?? ""
        return Harm(kind: .hangs, seen: "It still runs, and has no connection." + waited + words)
    }

    func distinct(_ bodies: [String]) -> [String] {
        var known: Set<String> = []
        return bodies.filter { known.insert($0).inserted }
    }

    // MARK: Questions and answers

    private var unanswered: [Harm] {
        // Questions and answers need not outlive the broker: who asked asks again.
        if history.blow?.deed == "restart" { return [] }
        return settledWithoutAnswer
    }

    private var settledWithoutAnswer: [Harm] {
        distinct(history.sent).compactMap { question in
            let isAnswered = history.replies.contains { $0.correlation == question }
            if isAnswered || history.isLeft.contains(question) || handings(of: question).contains(where: isHeld) {
                return nil
            }
            guard let last = handings(of: question).last, last.settlement != nil || last.isNoAck else { return nil }
            return Harm(
                kind: .unanswered,
                seen: "'\(question)' was settled, no queue has it, and no answer to it came.", body: question)
        }
    }

    private var confused: [Harm] {
        if role == .client {
            let lines = history.lives.flatMap { $0.words + $0.lines }
            func says(_ answer: String) -> Bool { lines.contains { PrintedShape.says(answer, in: $0) } }
            // One that prints its own answer too says what it has ignored.
            guard history.blow == .stranger, says(Fibonacci.strange), !(history.answer.map(says) ?? false) else {
                return []
            }
            return [Harm(kind: .confused, seen: "It took \(Fibonacci.strange), an answer with another correlation id.")]
        }
        return history.replies.compactMap { reply in
            // In whatever form, and it may be no number at all: an error.
            guard let right = Fibonacci.answer(to: reply.correlation), !PrintedShape.says(right, in: reply.body),
                reply.body.contains(where: \.isNumber)
            else { return nil }
            return Harm(
                kind: .confused, seen: "'\(reply.body)' came as the answer to '\(reply.correlation)'.",
                body: reply.correlation)
        }
    }

    // MARK: Programs that publish

    /// Messages of an undisturbed run that the broker does not have.
    private var missing: Int {
        let good = history.sendings.filter { $0.hasArrived && $0.answer != .nack && !$0.isReturned }
        let (have, want) = (count(good.map(\.body)), count(history.expected))
        // Bodies that are others each time, with a time in them, say, can only be counted.
        if have.keys.contains(where: { want[$0] == nil }) { return max(0, history.expected.count - good.count) }
        return want.reduce(0) { $0 + max(0, $1.value - (have[$1.key] ?? 0)) }
    }

    private func count(_ bodies: [String]) -> [String: Int] { Dictionary(bodies.map { ($0, 1) }, uniquingKeysWith: +) }

    private var unkept: [Harm] {
        guard promise.outlivesRestart, history.isQueued, history.blow?.isAtEnd == true,
            history.lives.first?.status == 0
        else { return [] }
        let left = count(history.left.values.flatMap(\.self))
        let gone = history.sendings.first { $0.hasArrived && (left[$0.body] ?? 0) == 0 }
        guard let gone else { return [] }
        return [Harm(kind: .unkept, seen: "'\(gone.body)' was in its queue, and is gone.", body: gone.body)]
    }

    /// Status 0 with work undone.
    private var pretends: [Harm] {
        guard let life = history.lives.first, life.status == 0, history.blow?.isAtEnd != true else { return [] }
        if role == .client {
            guard let answer = history.answer,
                !(life.lines + life.words).contains(where: { PrintedShape.says(answer, in: $0) }),
                // One that never prints it may have it all the same.
                history.isAnswering || !history.handings.contains(where: \.hasArrived)
            else { return [] }
            return [Harm(kind: .pretends, seen: "It ended with status 0, and never printed the answer, \(answer).")]
        }
        guard missing > 0 else { return [] }
        let arrived = "\(history.expected.count - missing) of \(counted(history.expected.count, "message"))"
        return [Harm(kind: .pretends, seen: "It ended with status 0, and the broker has \(arrived).")]
    }

    private var hangs: [Harm] {
        // One that goes on publishing does not hang.
        guard let life = history.lives.first, life.isRunning, history.waited > 0 else { return [] }
        if !life.isConnected { return [silent(life)] }
        let words = life.words.last.map { " The last thing it said: \($0)" } ?? ""
        return [Harm(kind: .hangs, seen: "It still runs, and nothing passes on its connection." + waited + words)]
    }

    // MARK: How it ended

    private var ends: [Harm] {
        guard let life = history.lives.first, let status = life.status, history.blow?.loses == true else { return [] }
        // One that was about to end by itself may do so.
        let isEnding = history.blow?.spot?.name.hasPrefix("connection.close") ?? false
        if status == 0, role.reads, !isEnding {
            return [Harm(kind: .pretends, seen: "Its connection was lost, and it ended with status 0.")]
        }
        if status != 0, life.words.isEmpty {
            return [Harm(kind: .wordless, seen: "It ended with status \(status), and printed nothing.")]
        }
        if promise.comesBack, history.wasReading, status != 0 {
            let words = life.words.last.map { " The last thing it said: \($0)" } ?? ""
            return [Harm(kind: .gone, seen: "It consumed, its connection was lost, and it ended." + words)]
        }
        return []
    }
}

/// The numbers that the RPC step asks for.
enum Fibonacci {
    /// Nobody's answer.
    static let strange = "4711"

    static func answer(to question: String) -> String? {
        guard let n = Int(question), (0...90).contains(n) else { return nil }
        var (current, next) = (0, 1)
        for _ in 0..<n { (current, next) = (next, current + next) }
        return String(current)
    }
}
