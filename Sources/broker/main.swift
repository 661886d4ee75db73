import Platform
@_spi(Quirks) import BrokerCore
import Commands

let (command, arguments) = BrokerProgram.program.request()
do throws(UsageError) {
    switch command {
    case BrokerProgram.itself.name:
        if arguments.text(BrokerProgram.quirk) == "list" { listQuirks() }
        Serve.run(try Options(arguments))
    case BrokerProgram.hashPassword.name: try Users.printHash(arguments.words[0])
    case BrokerProgram.salvage.name:
        SalvageCommand.run(arguments.words[0], to: arguments.text(BrokerProgram.salvageTarget))
    case let name where OperatorCommands.all.contains(where: { $0.name == name }):
        try OperatorCommands(arguments, environmentURL: environmentValue("MANAGEMENT_URL")).run(name)
    default:
        guard let listing = Listing.all.first(where: { $0.command.name == command }) else { break }
        try ListCommand(listing, arguments, environmentURL: environmentValue("MANAGEMENT_URL")).run()
    }
} catch {
    BrokerProgram.program.fail(error, of: command)
}

/// `broker --quirk list`: a name on each line; none in a release build.
func listQuirks() -> Never {
    for name in Quirks.names { Console.print(name) }
    exit(0)
}
