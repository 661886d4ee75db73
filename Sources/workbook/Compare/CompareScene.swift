/// What is played when programs are compared: roles in their terminals, with words that the tutorials' programs of other
/// languages take as well.
struct CompareScene: Sendable {
    /// Those who wait, each in a terminal of its own; started one after the other.
    let waiting: [Chapter.Part]
    /// Those who act and end, one after the other.
    let acting: [Chapter.Part]
    /// How many lines those who wait print because of them, the first line of each not counted.
    let answers: Int
    /// The queue that those who wait share, if it has a name: they are ready when they consume from it.
    let queue: String?
    /// What the step promises about who prints which line.
    let rule: String

    var parts: [Chapter.Part] { waiting + acting }

    /// Each once, in the order of their entrance.
    var roles: [String] {
        parts.reduce(into: []) { roles, part in
            if let role = part.words.first, !roles.contains(role) { roles.append(role) }
        }
    }

    init(_ chapter: Chapter) {
        let everybody = "Each receiver gets all that it asked for, in the order in which it was sent."
        switch chapter.step {
        case "hello":
            let send = Chapter.Part(words: ["send"])
            let receive = Chapter.Part(words: ["receive"])
            self.init(
                waiting: [receive, receive], acting: [send, send, send, send], answers: 4, queue: "hello",
                rule: "Consumers of a queue take turns: each gets every other message. Which one begins is open.")
        case "worker":
            // The long one holds its worker until the other has done both short ones.
            let tasks = ["A very long task.....", "Short task.", "Another short task."]
            self.init(
                waiting: [Chapter.Part(words: ["work"]), Chapter.Part(words: ["work"])],
                acting: tasks.map { Chapter.Part(words: ["new-task", $0]) }, answers: 6, queue: "task_queue",
                rule: "While one worker is at the long task, the other does the rest. Which one gets it is open.")
        case "rpc":
            let call = Chapter.Part(words: ["call"])
            self.init(
                waiting: [Chapter.Part(words: ["serve"])], acting: [call, call], answers: 2, queue: "rpc_queue",
                rule: "Each question gets its answer.")
        case "confirms":
            // One at a time: whether the second is sent before the first is confirmed is the publisher's own choice.
            let publish = Chapter.Part(words: ["publish"])
            self.init(
                waiting: [Chapter.Part(words: ["receive"])], acting: [publish, publish, publish], answers: 3,
                queue: "orders", rule: "Each order is confirmed once it is sent.")
        default:
            self.init(
                waiting: chapter.waiting, acting: chapter.acting, answers: chapter.answers, queue: nil,
                rule: everybody)
        }
    }

    private init(waiting: [Chapter.Part], acting: [Chapter.Part], answers: Int, queue: String?, rule: String) {
        (self.waiting, self.acting, self.answers) = (waiting, acting, answers)
        (self.queue, self.rule) = (queue, rule)
    }
}
