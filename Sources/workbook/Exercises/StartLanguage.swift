import Commands

/// A language besides Swift that has the steps: `workbook start` copies its programs.
struct StartLanguage: Sendable {
    let name: String
    /// The programs, from the top of the repository: one for each step, beside what they share.
    let folder: String
    /// Of its files.
    let suffix: String
    /// What runs a file.
    let interpreter: String
    /// The library that the programs use, and the command that installs it.
    let client: String
    let installation: String

    static let all = [
        StartLanguage(
            name: "Python", folder: "Scripts/pika", suffix: "py", interpreter: "python3", client: "pika",
            installation: "pip install pika"),
        StartLanguage(
            name: "Ruby", folder: "Scripts/bunny", suffix: "rb", interpreter: "ruby", client: "bunny",
            installation: "gem install bunny"),
    ]

    var option: Option { Option("--\(name.lowercased())", "a copy in \(name), which needs \(client)") }

    /// What a copy consists of.
    func files(_ chapter: Chapter) -> [String] { ["step.\(suffix)", program(chapter)] }

    func program(_ chapter: Chapter) -> String { "\(chapter.step).\(suffix)" }

    /// Where the copy is, from the top of the repository.
    func path(_ chapter: Chapter) -> String { "\(StartCommand.path(chapter))-\(name.lowercased())" }
}
