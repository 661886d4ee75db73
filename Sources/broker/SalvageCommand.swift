import BrokerServer

/// `broker salvage DIR [--to NEW]`.
enum SalvageCommand {
    /// Says what can be read of a directory, and writes it to a new one if there is to be one.
    static func run(_ directory: String, to target: String?) {
        do throws(StoreError) {
            try Salvage.run(directory, to: target) { Console.print($0) }
        } catch { Console.fail("\(error)") }
    }
}
