/// What is played when programs are compared: roles in their terminals, with words that the tutorials' programs of other
/// languages take as well.
struct CompareScene: Sendable {
    /// Those that wait, each in a terminal of its own; started one after the other.
    let waiting: [Part]
    /// Those that act and end, one after the other.
    let acting: [Part]
    /// How many lines those that wait print because of them, the first line of each not counted.
    let answers: Int
    /// The queue that those that wait share, if it has a name: they are ready when they consume from it.
    let queue: String?
    /// A stream, which keeps what was published: it is deleted behind each performance, or the next would begin with it.
    let stream: String?
    /// What the step promises about who prints which line.
    let rule: String

    var parts: [Part] { waiting + acting }

    /// Each once, in the order of their entrance.
    var roles: [String] {
        parts.reduce(into: []) { roles, part in
            if let role = part.words.first, !roles.contains(role) { roles.append(role) }
        }
    }

    init(
        waiting: [Part], acting: [Part], answers: Int, queue: String?, stream: String? = nil, rule: String
    ) {
        (self.waiting, self.acting, self.answers) = (waiting, acting, answers)
        (self.queue, self.stream, self.rule) = (queue, stream, rule)
    }

    /// The scene that is played side by side, where receivers do not share what comes.
    init(_ play: PlayScene) {
        self.init(
            waiting: play.waiting, acting: play.acting, answers: play.answers, queue: nil,
            rule: "Each receiver gets all that it asked for, in the order in which it was sent.")
    }
}
