import TutorialKit

// The solutions of the exercises that ask for a program: one file each, named like its exercise. `workbook hint` shows them
// to whoever has passed, and the tests run them.
func solution(_ exercise: String, _ run: @escaping @Sendable (BrokerAddress) async throws -> Void) -> Role {
    Role(exercise, does: "the solution of exercise \(exercise)") { broker, _ in try await run(broker) }
}

await Step(
    "solutions",
    roles: [
        solution("1.1", solution1_1), solution("1.2", solution1_2), solution("2.2", solution2_2),
        solution("2.3", solution2_3), solution("3.1", solution3_1), solution("3.2", solution3_2),
        solution("3.3", solution3_3), solution("4.1", solution4_1), solution("4.2", solution4_1),
        solution("4.3", solution4_3), solution("6.1", solution6_1), solution("6.3", solution6_3),
        solution("7.1", solution7_1), solution("7.4", solution7_4), solution("8.1", solution8_1),
        solution("8.2", solution8_2), solution("9.2", solution9_2), solution("10.1", solution10_1),
        solution("11.1", solution11_1),
        solution("12.1", solution12_1), solution("13.1", solution13_1),
    ],
    play: { _ in throw StepError("Which one? 'solutions 1.1', for example.") }
).run()
