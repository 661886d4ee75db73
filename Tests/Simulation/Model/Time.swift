extension Model {
    /// Every queue looks at its own times whether what stands at its head has expired.
    func advance(to time: Int64) {
        func isEarlier(_ one: ModelQueue, _ other: ModelQueue) -> Bool { one.alarm < other.alarm }
        while let queue = queues.values.min(by: isEarlier), queue.alarm.time <= time {
            now = max(now, queue.alarm.time)
            queue.alarm.time = .max
            giveUp(queue)
            dispatch(queue)
            setAlarm(queue)
            publishDeadLetters()
        }
        now = max(now, time)
    }

    /// Only ever to an earlier time: a look too many does no harm.
    func setAlarm(_ queue: ModelQueue) {
        let next = queue.overTheLimit.isEmpty ? queue.ready.first?.expiresAt ?? .max : 0
        guard next < queue.alarm.time else { return }
        lastAlarm += 1
        queue.alarm = (next, lastAlarm)
    }
}
