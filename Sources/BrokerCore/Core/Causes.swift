import DataStructures

/// What a method has caused, to be done when the method is over: one death may cause the next, and a queue that hands a
/// message out is in the middle of something.
struct Causes {
    enum Cause {
        case deadLetter(DeadLetter)
        /// A copy for those who trace.
        case copy(Message)

        var message: Message {
            switch self {
            case .deadLetter(let letter): letter.message
            case .copy(let copy): copy
            }
        }
    }

    private typealias Letter = (letter: DeadLetter, number: Int, isOfCopy: Bool, virtualHost: VirtualHost)

    /// Caused by what clients do, and by time.
    private var letters = Ring<Letter>()
    /// Caused by letters.
    private var further = Ring<Letter>()
    /// Caused by letters when very many waited. The last row goes first: where a message takes every way through a dozen
    /// queues, all ways of one length would be far too many to wait beside each other.
    private var rows: [Ring<Letter>] = []
    private enum Place {
        case letters, further
        case row(Int)
    }
    /// Where that goes which is caused now.
    private var place = Place.letters
    private var letterCount = 0
    /// Octets of their messages, of each as often as letters have it.
    private var letterOctets = 0
    /// While there are rows: the last letter was of none.
    private var wasOfNoRow = false
    /// One was given up since there were none.
    private var hasLost = false
    /// How many have come in, ever.
    private(set) var addedCount = 0
    private var copies = Ring<(copy: Message, virtualHost: VirtualHost)>()
    /// True while a copy is being published, or what that caused.
    private(set) var isTakingCopies = false
    /// What is left to do of the one that was begun.
    private var rest: (work: LongWork, isOfCopy: Bool, place: Place)?

    var isEmpty: Bool { letterCount == 0 && copies.isEmpty && rest == nil }
    /// Very many wait, and one of them has caused what comes in now.
    var areMultiplying: Bool { if case .row = place { true } else { false } }

    /// No more is done for now.
    mutating func pause() { (isTakingCopies, place) = (false, .letters) }

    mutating func add(_ cause: Cause, in virtualHost: VirtualHost) {
        addedCount += 1
        switch cause {
        case .deadLetter(let letter):
            letterCount += 1
            letterOctets += letter.message.contentCount
            let new = (letter, addedCount, isTakingCopies, virtualHost)
            switch place {
            case .letters: letters.append(new)
            case .further: further.append(new)
            case .row(let row):
                if row == rows.count { rows.append(Ring()) }
                rows[row].append(new)
            }
        case .copy(let copy): copies.append((copy, virtualHost))
        }
    }

    /// Puts off what is left of the one that was begun, before any other; nil: nothing is.
    mutating func putOff(_ work: LongWork?) { rest = work.map { ($0, isTakingCopies, place) } }

    mutating func takeRest() -> LongWork? {
        guard let (work, isOfCopy, place) = rest else { return nil }
        (rest, isTakingCopies, self.place) = (nil, isOfCopy, place)
        return work
    }

    /// The next to be done: letters before copies. Where more than `most` letters wait, or of so many octets, what one causes
    /// goes before the others.
    mutating func next(most: Int, octets: Int) -> (cause: Cause, virtualHost: VirtualHost)? {
        (isTakingCopies, place) = (false, .letters)
        if letters.count > 1, quirk(.lettersChangePlaces), let first = letters.popFirst() { letters.append(first) }
        if let (letter, _, isOfCopy, virtualHost) = popLetter() {
            letterCount -= 1
            letterOctets -= letter.message.contentCount
            isTakingCopies = isOfCopy
            place = letterCount > most || letterOctets > octets ? .row(rows.count) : .further
            if letterCount == 0 { hasLost = false }
            return (.deadLetter(letter), virtualHost)
        }
        guard let (copy, virtualHost) = copies.popFirst() else { return nil }
        isTakingCopies = true
        return (.copy(copy), virtualHost)
    }

    /// The oldest; but while there are rows, one of the last row and one of what clients cause by turns. Nobody else waits
    /// until all ways are taken.
    private mutating func popLetter() -> Letter? {
        if let last = rows.indices.last {
            wasOfNoRow.toggle()
            if wasOfNoRow, let letter = letters.popFirst() { return letter }
            defer { if rows[last].isEmpty { rows.removeLast() } }
            return rows[last].popFirst()
        }
        if let first = further.first, first.number < letters.first?.number ?? .max { return further.popFirst() }
        return letters.popFirst()
    }

    /// One is given up. True: it is the first of many.
    mutating func noteLoss() -> Bool {
        defer { hasLost = true }
        return !hasLost
    }
}
