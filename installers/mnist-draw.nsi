; The installer for Windows: for one user, without an administrator. build_windows.sh calls makensis with:
;   VERSION      of the program
;   FOLDER       what PyInstaller made
;   SIZE         of that folder in KiB
;   ICON         a file .ico
;   SETUP        the installer to write
;   QUICK        if set, packs at once and large
Target amd64-unicode
!include MUI2.nsh

Name "MNIST Draw"
OutFile "${SETUP}"
InstallDir "$LOCALAPPDATA\Programs\MNIST Draw"
RequestExecutionLevel user
BrandingText "MNIST Draw ${VERSION}"
!ifdef QUICK
  SetCompressor zlib
!else
  SetCompressor /SOLID lzma
  SetCompressorDictSize 64
!endif
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "MNIST Draw"
VIAddVersionKey "FileDescription" "Installs MNIST Draw"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "GNU General Public License, version 3 or later"

!define PROGRAM "$INSTDIR\mnist-draw-window.exe"
!define CLASSES "Software\Classes"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\MNIST Draw"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "${PROGRAM}"
!define MUI_FINISHPAGE_SHOWREADME ""
!define MUI_FINISHPAGE_SHOWREADME_TEXT $(DesktopShortcut)
!define MUI_FINISHPAGE_SHOWREADME_FUNCTION AddDesktopShortcut
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!define MUI_UNCONFIRMPAGE_TEXT_TOP $(Kept)
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES

; The first one is for every other language.
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "German"
!insertmacro MUI_LANGUAGE "French"
!insertmacro MUI_LANGUAGE "Spanish"
!insertmacro MUI_LANGUAGE "Italian"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString DesktopShortcut ${LANG_ENGLISH} "Put a shortcut on the desktop"
LangString DesktopShortcut ${LANG_GERMAN} "Verknüpfung auf dem Desktop anlegen"
LangString DesktopShortcut ${LANG_FRENCH} "Placer un raccourci sur le bureau"
LangString DesktopShortcut ${LANG_SPANISH} "Crear un acceso directo en el escritorio"
LangString DesktopShortcut ${LANG_ITALIAN} "Crea un collegamento sul desktop"
LangString DesktopShortcut ${LANG_SIMPCHINESE} "在桌面上创建快捷方式"

LangString IsOpen ${LANG_ENGLISH} "MNIST Draw is open. Close its windows, then try again. Nothing has been changed."
LangString IsOpen ${LANG_GERMAN} "MNIST Draw ist geöffnet. Schließen Sie die Fenster und versuchen Sie es noch einmal. Es wurde nichts geändert."
LangString IsOpen ${LANG_FRENCH} "MNIST Draw est ouvert. Fermez ses fenêtres, puis réessayez. Rien n'a été modifié."
LangString IsOpen ${LANG_SPANISH} "MNIST Draw está abierto. Cierre sus ventanas e inténtelo de nuevo. No se ha cambiado nada."
LangString IsOpen ${LANG_ITALIAN} "MNIST Draw è aperto. Chiuda le finestre e riprovi. Non è stato modificato nulla."
LangString IsOpen ${LANG_SIMPCHINESE} "MNIST Draw 正在运行。请关闭其窗口，然后重试。未作任何更改。"

LangString Kept ${LANG_ENGLISH} "Your networks, runs, and drawings are kept."
LangString Kept ${LANG_GERMAN} "Ihre Netze, Läufe und Zeichnungen bleiben erhalten."
LangString Kept ${LANG_FRENCH} "Vos réseaux, vos entraînements et vos dessins sont conservés."
LangString Kept ${LANG_SPANISH} "Sus redes, entrenamientos y dibujos se conservan."
LangString Kept ${LANG_ITALIAN} "Le Sue reti, gli addestramenti e i disegni vengono conservati."
LangString Kept ${LANG_SIMPCHINESE} "您的网络、训练记录和绘图会保留。"

; Windows lets nobody write to a program that runs.
!macro RequireClosed
  IfFileExists "${PROGRAM}" 0 closed
retry:
  ClearErrors
  FileOpen $0 "${PROGRAM}" a
  IfErrors 0 writable
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION $(IsOpen) /SD IDCANCEL IDRETRY retry
  SetErrorLevel 2
  Quit
writable:
  FileClose $0
closed:
!macroend

; Only what was installed: the folder may hold files of others.
!macro RemoveFiles
  Delete "$INSTDIR\mnist-draw.exe"
  Delete "${PROGRAM}"
  RMDir /r "$INSTDIR\_internal"
  RMDir /r "$INSTDIR\licenses"
!macroend

!macro AddFileType ending kind title
  WriteRegStr HKCU "${CLASSES}\${ending}" "" "MNISTDraw.${kind}"
  WriteRegStr HKCU "${CLASSES}\MNISTDraw.${kind}" "" "${title}"
  WriteRegStr HKCU "${CLASSES}\MNISTDraw.${kind}\DefaultIcon" "" "${PROGRAM},0"
  WriteRegStr HKCU "${CLASSES}\MNISTDraw.${kind}\shell\open\command" "" '"${PROGRAM}" "%1"'
!macroend

!macro RemoveFileType ending kind
  ReadRegStr $0 HKCU "${CLASSES}\${ending}" ""
  StrCmp $0 "MNISTDraw.${kind}" 0 +2
    DeleteRegKey HKCU "${CLASSES}\${ending}"
  DeleteRegKey HKCU "${CLASSES}\MNISTDraw.${kind}"
!macroend

Function .onInit
  !insertmacro RequireClosed
FunctionEnd

Function un.onInit
  !insertmacro RequireClosed
FunctionEnd

Function AddDesktopShortcut
  CreateShortcut "$DESKTOP\MNIST Draw.lnk" "${PROGRAM}"
FunctionEnd

Section
  !insertmacro RemoveFiles
  SetOutPath "$INSTDIR"
  File /r "${FOLDER}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\MNIST Draw.lnk" "${PROGRAM}"

  !insertmacro AddFileType ".mnist-lesson" "Lesson" "Lesson of MNIST Draw"
  !insertmacro AddFileType ".mnist-handin" "HandIn" "Handed in from a lesson of MNIST Draw"
  ; A network is a file of NumPy like others: offered with "Open with", not taken from other programs.
  WriteRegStr HKCU "${CLASSES}\MNISTDraw.Network" "" "Trained network of MNIST Draw"
  WriteRegStr HKCU "${CLASSES}\MNISTDraw.Network\shell\open\command" "" '"${PROGRAM}" "%1"'
  WriteRegStr HKCU "${CLASSES}\.npz\OpenWithProgids" "MNISTDraw.Network" ""

  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "MNIST Draw"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "${PROGRAM}"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The authors of mnist_draw"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${SIZE}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd

Section Uninstall
  !insertmacro RemoveFiles
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\MNIST Draw.lnk"
  Delete "$DESKTOP\MNIST Draw.lnk"
  !insertmacro RemoveFileType ".mnist-lesson" "Lesson"
  !insertmacro RemoveFileType ".mnist-handin" "HandIn"
  DeleteRegValue HKCU "${CLASSES}\.npz\OpenWithProgids" "MNISTDraw.Network"
  DeleteRegKey HKCU "${CLASSES}\MNISTDraw.Network"
  DeleteRegKey HKCU "${UNINSTALL}"
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
SectionEnd
