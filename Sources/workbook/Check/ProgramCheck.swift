/// What a chapter looks for in a program of its step.
protocol ProgramCheck: Sendable {
    init(inspection: Inspection)

    /// Which role a program plays, by what it does; nil when it does neither in time.
    static func role(of run: Subject.Run, _ inspection: Inspection) async -> Check.Role?

    /// Options with which the workbook's own program comes to an end sooner in a role.
    static func hurry(_ role: String) -> [String]

    /// The broker's clock leaps in it.
    static var leaps: Bool { get }

    func producer(_ run: Subject.Run) async throws -> [Finding]
    func consumer(_ run: Subject.Run) async throws -> [Finding]
}

extension ProgramCheck {
    /// A program that consumes is a consumer, one that publishes and does not consume a producer.
    static func role(of run: Subject.Run, _ inspection: Inspection) async -> Check.Role? {
        var role: Check.Role?
        await inspection.until(inspection.pace.begin) { log in
            role = !log.consumptions.isEmpty ? .consumer : !log.published.isEmpty ? .producer : nil
            return role != nil || run.hasEnded && log.isAway(run.number)
        }
        return role
    }

    static func hurry(_ role: String) -> [String] { [] }

    static var leaps: Bool { false }
}
