import BrokerCore

extension Broker {
    /// Makes what a file defines, except what can't be made again (see ``DefinitionsCheck``); nothing if any of it is wrong. What
    /// is there already stays as it is.
    ///
    /// Others' turns come in between: whoever asks then sees some of it. Throws where something is wrong.
    public func define(_ file: DefinitionsFile, withUsers: Bool = true) throws(DefinitionsFile.Malformed) {
        let checked = try checked(file.definitions)
        let others = file.userDefinitions.permissionsOfOthers.keys
        let known = Set(state.withLock { $0.core.configuration.users.map(\.name) })
        if withUsers { define(file.userDefinitions) }
        var next = 0
        while next < checked.kept.count {
            let most = state.withLock { $0.core.changesOfTurn }
            let slice = checked.kept[next..<min(next + most, checked.kept.count)]
            let refusals = change(slice.map { .define($0.thing) })
            // Somebody else has taken away meanwhile what it needs.
            for (place, refusal) in refusals { warn("\(slice[next + place].place): \(refusal.reason)") }
            next = slice.endIndex
        }
        for warning in file.warnings + checked.warnings { warn("definitions: \(warning)") }
        for name in others.sorted() where !withUsers || !known.contains(name) {
            warn("definitions: permissions: user \(LogEvent.quoted(name)) is not among the file's users, and gets none")
        }
    }

    /// What can be made of them.
    private func checked(
        _ definitions: Definitions
    ) throws(DefinitionsFile.Malformed) -> DefinitionsCheck.Outcome {
        let number = state.withLock { state in
            state.snapshotCount += 1
            state.checks[state.snapshotCount] = state.core.beginCheck(of: definitions)
            return state.snapshotCount
        }
        defer { state.withLock { $0.checks[number] = nil } }
        do throws(DefinitionsCheck.Failure) {
            while try takeSlice(ofCheck: number) {}
        } catch {
            throw DefinitionsFile.Malformed(place: error.place, reason: error.reason)
        }
        return state.withLock { $0.checks[number]?.outcome } ?? .init()
    }

    private func takeSlice(ofCheck number: UInt64) throws(DefinitionsCheck.Failure) -> Bool {
        let result: Result<Bool, DefinitionsCheck.Failure> = state.withLock { state in
            do throws(DefinitionsCheck.Failure) {
                return .success(try state.checks[number]?.takeSlice() ?? false)
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// What an operator changes. Returns what was not done, by its place.
    public func change(_ changes: [BrokerChange]) -> [(place: Int, refusal: BrokerChange.Refusal)] {
        state.withLock { state in
            let effects = state.core.step(.change(changes), now: time.now)
            let refusals = effects.refusals
            carryOut(effects, &state)
            return refusals
        }
    }
}
