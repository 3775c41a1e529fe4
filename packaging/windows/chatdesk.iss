; Inno Setup 6. installers.py gives:
;   Version, Numbers (up to four, without words), Program (folder of the built program), Output (folder), Icon, Homepage,
;   Runtime (Microsoft's vc_redist.x64.exe, or nothing to leave it out)
; For the user who runs it, without an administrator's rights; /ALLUSERS asks for them.

#ifndef Version
  #error Version is missing: build.py --installers gives it
#endif
#ifndef Numbers
  #define Numbers Version
#endif
#ifndef DefaultDir
  #define DefaultDir "{autopf}\ChatDesk"
#endif

[Setup]
AppId={{6E1B3C52-4F0D-4B8E-9B0E-6B2B0B7F3E51}
AppName=ChatDesk
AppVersion={#Version}
AppVerName=ChatDesk {#Version}
AppPublisher=ChatDesk contributors
AppPublisherURL={#Homepage}
AppSupportURL={#Homepage}
VersionInfoVersion={#Numbers}
DefaultDirName={#DefaultDir}
DefaultGroupName=ChatDesk
DisableProgramGroupPage=yes
DisableDirPage=auto
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=commandline
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputDir={#Output}
OutputBaseFilename=ChatDesk-{#Version}-setup-x64
SetupIconFile={#Icon}
UninstallDisplayIcon={app}\ChatDesk.exe
UninstallDisplayName=ChatDesk
Compression=lzma2
SolidCompression=yes
WizardStyle=modern
; Files in use: the embedded back end outlives the last window by half a minute.
CloseApplications=yes
RestartApplications=no
SetupLogging=yes
#ifdef SignTool
SignTool={#SignTool}
SignedUninstaller=yes
#endif

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
en.RemoveFiles=Remove your chats and settings on this computer as well?%n%nWhat is in a Supabase project stays there. Chats of "Use on this computer" are gone for good.
de.RemoveFiles=Auch Ihre Chats und Einstellungen auf diesem Computer entfernen?%n%nWas in einem Supabase-Projekt liegt, bleibt dort. Chats von „Auf diesem Computer verwenden“ sind dann unwiederbringlich fort.
en.Runtime=Installing Microsoft's runtime library ...
de.Runtime=Die Laufzeitbibliothek von Microsoft wird installiert ...

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; An update leaves nothing of the version before.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Program}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs
#if Runtime != ""
Source: "{#Runtime}"; DestDir: "{tmp}"; DestName: "vc_redist.exe"; Flags: deleteafterinstall; Check: NeedsRuntime
#endif

[Icons]
Name: "{autoprograms}\ChatDesk"; Filename: "{app}\ChatDesk.exe"; AppUserModelID: "ChatDesk"
Name: "{autodesktop}\ChatDesk"; Filename: "{app}\ChatDesk.exe"; Tasks: desktopicon; AppUserModelID: "ChatDesk"

[Run]
#if Runtime != ""
Filename: "{tmp}\vc_redist.exe"; Parameters: "/install /quiet /norestart"; StatusMsg: "{cm:Runtime}"; Check: NeedsRuntime
#endif
Filename: "{app}\ChatDesk.exe"; Description: "{cm:LaunchProgram,ChatDesk}"; Flags: nowait postinstall skipifsilent

[Code]
function NeedsRuntime: Boolean;
var
  Installed: Cardinal;
begin
  // PostgreSQL and the built-in model's runtime need the libraries of Visual C++ 2015 and later.
  Result := not (RegQueryDWordValue(HKLM64, 'SOFTWARE\Microsoft\VisualStudio\14.0\VC\Runtimes\x64',
    'Installed', Installed) and (Installed = 1));
end;

procedure CurUninstallStepChanged(CurUninstallStep: TUninstallStep);
var
  Files: String;
begin
  if CurUninstallStep <> usPostUninstall then
    Exit;
  Files := ExpandConstant('{localappdata}\ChatDesk');
  // Silent means nobody answers: then the user's files stay, unless the command line asks for it.
  if DirExists(Files) then
    if (ExpandConstant('{param:REMOVEFILES|no}') = 'yes') or ((not UninstallSilent) and
       (MsgBox(CustomMessage('RemoveFiles'), mbConfirmation, MB_YESNO or MB_DEFBUTTON2) = IDYES)) then
      DelTree(Files, True, True, True);
end;
