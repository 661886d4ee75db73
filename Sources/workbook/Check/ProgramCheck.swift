/// What a chapter looks for in a program of its step.
protocol ProgramCheck: Sendable {
    init(inspection: Inspection)

    /// Which role a program plays, by what it does; nil when it does neither in time.
    static func role(of run: Subject.Run, _ inspection: Inspection) async -> Check.Role?

    /// The queues without which it does nothing: it has asked whether they are there, and another role would have made them.
    static func needs(_ log: WireLog) -> [String]

    /// Each of its roles makes the queue that it uses: any of them may be the first.
    static var declares: Bool { get }

    /// Options with which the workbook's own program comes to an end sooner in a role.
    static func hurry(_ role: String) -> [String]

    /// The broker's clock leaps in it.
    static var leaps: Bool { get }

    func producer(_ run: Subject.Run) async throws -> [Finding]
    func consumer(_ run: Subject.Run) async throws -> [Finding]
}

extension ProgramCheck {
    static func role(of run: Subject.Run, _ inspection: Inspection) async -> Check.Role? {
        await inspection.until(inspection.pace.begin) { log in
            !log.consumptions.isEmpty || !log.published.isEmpty || run.hasEnded && log.isAway(run.number)
        }
        // Some consumers say that they are there before they consume.
        await inspection.until(inspection.pace.moment * 3) { run.hasEnded || $0.role(isLate: false) != nil }
        return inspection.log.role(isLate: true)
    }

    static func needs(_ log: WireLog) -> [String] { [] }

    static var declares: Bool { false }

    static func hurry(_ role: String) -> [String] { [] }

    static var leaps: Bool { false }
}
