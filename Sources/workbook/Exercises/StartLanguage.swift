import Commands

/// A language besides Swift that has the steps: `workbook start` copies its programs.
struct StartLanguage: Sendable {
    let name: String
    /// The programs, from the top of the repository: one for each step, beside what they share.
    let folder: String
    /// Of its files.
    let suffix: String
    /// What starts the program that is in the copy; nil when the copy has a file `run` that does.
    var interpreter: String?
    /// What a copy has besides the step's program.
    let shared: [String]
    /// The library that the programs use, and the command that installs it.
    let client: String
    let installation: String

    static let all = [
        StartLanguage(
            name: "Python", folder: "Scripts/pika", suffix: "py", interpreter: "python3", shared: ["step.py"],
            client: "pika", installation: "pip install pika"),
        StartLanguage(
            name: "Ruby", folder: "Scripts/bunny", suffix: "rb", interpreter: "ruby", shared: ["step.rb"],
            client: "bunny", installation: "gem install bunny"),
        StartLanguage(
            name: "Go", folder: "Scripts/go-amqp", suffix: "go", shared: ["step.go", "go.mod", "run"],
            client: "amqp091-go", installation: "go mod tidy, in that folder"),
        StartLanguage(
            name: "PHP", folder: "Scripts/php-amqp", suffix: "php", interpreter: "php", shared: ["step.php"],
            client: "php-amqplib", installation: "composer require php-amqplib/php-amqplib, in that folder"),
    ]

    var option: Option { Option("--\(name.lowercased())", "a copy in \(name), which needs \(client)") }

    /// What a copy consists of.
    func files(_ chapter: Chapter) -> [String] { shared + [program(chapter)] }

    /// Where the copy is, from the top of the repository.
    func path(_ chapter: Chapter) -> String { "\(StartCommand.path(chapter))-\(name.lowercased())" }

    /// What starts the copy; the role and its words are appended.
    func command(_ chapter: Chapter) -> String {
        interpreter.map { "\($0) \(path(chapter))/\(program(chapter))" } ?? "\(path(chapter))/run"
    }

    private func program(_ chapter: Chapter) -> String { "\(chapter.step).\(suffix)" }
}
