import Synchronization

/// How many accepted connections may be open at a time, for one or several listeners together. Further ones wait in the
/// system's queue, where they cost no descriptor, until one of these has gone.
public final class ConnectionLimit: Sendable {
    public let most: Int
    private let state = Mutex(State())

    private struct State: Sendable {
        var count = 0
        var waiting: [@Sendable () -> Void] = []
        /// Nobody is told again until nobody had to wait in between.
        var isToldOfFull = false
        var onFull: (@Sendable () -> Void)?
    }

    public init(most: Int) { self.most = max(1, most) }

    /// Has this called, on any thread, when somebody has to wait.
    public func whenFull(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.onFull = body } }

    /// How many are open.
    public var count: Int { state.withLock { $0.count } }

    /// Takes a place. False: there is none.
    func take() -> Bool {
        state.withLock { state in
            guard state.count < most else { return false }
            state.count += 1
            return true
        }
    }

    /// Takes a place. False: there is none, and `again` is called, once, when there may be one.
    func take(orLater again: @escaping @Sendable () -> Void) -> Bool {
        let (isTaken, onFull) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard state.count < most else {
                state.waiting.append(again)
                defer { state.isToldOfFull = true }
                return (false, state.isToldOfFull ? nil : state.onFull)
            }
            state.count += 1
            return (true, nil)
        }
        onFull?()
        return isTaken
    }

    func giveBack() {
        let waiting = state.withLock { state in
            state.count -= 1
            if state.waiting.isEmpty { state.isToldOfFull = false }
            defer { state.waiting = [] }
            return state.waiting
        }
        for again in waiting { again() }
    }
}
